from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpsearch.declarations import Direction
from hpsearch.reports.focus import focus, value_range

VALUES = st.lists(st.floats(min_value=-1e6, max_value=1e6), max_size=60)


def test_a_few_bad_trials_are_left_outside() -> None:
    window = focus([0.9, 0.8, 0.7, 0.1], "maximize")
    # The best three quarters need 0.9 - 0.7 = 0.2; all need 0.8, more than three times that.
    assert window is not None
    assert [window.low, window.high] == pytest.approx([0.66, 0.92])
    assert window.outside == 1


def test_a_loss_is_cut_from_above() -> None:
    window = focus([1.0, 2.0, 3.0, 50.0], "minimize")
    assert window is not None
    assert [window.low, window.high] == pytest.approx([0.8, 3.4])
    assert window.outside == 1


def test_faint_values_count_as_outside_but_do_not_widen_the_window() -> None:
    window = focus([0.9, 0.85, 0.8, 0.7], "maximize", faint=[0.1, 0.2, 0.95])
    assert window is not None
    assert window.low == pytest.approx(0.78)
    assert window.high == pytest.approx(0.96)
    assert window.outside == 3


def test_values_that_fit_well_are_all_shown() -> None:
    assert focus([0.9, 0.8, 0.7, 0.6], "maximize") is None
    assert focus([0.5] * 10, "maximize") is None
    assert focus([0.9, 0.1], "maximize") is None


@given(VALUES, st.sampled_from(["maximize", "minimize"]))
def test_the_window_always_shows_the_best_value_and_most_of_the_others(
    values: list[float], direction: Direction
) -> None:
    window = focus(values, direction)
    if window is None:
        return
    best = max(values) if direction == "maximize" else min(values)
    assert window.low <= best <= window.high
    inside = sum(window.low <= value <= window.high for value in values)
    assert inside == len(values) - window.outside
    assert inside >= 0.75 * len(values) - 1


def test_an_axis_without_a_window_holds_all_values_and_has_some_length() -> None:
    assert value_range([1.0, 2.0], None) == [pytest.approx(0.94), pytest.approx(2.06)]
    assert value_range([0.5], None) == [pytest.approx(0.475), pytest.approx(0.525)]
    assert value_range([0.0], None) == [-1.0, 1.0]
