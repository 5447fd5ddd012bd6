from __future__ import annotations

import pytest

from hpsearch.reports.ticks import between, round_step, whole


@pytest.mark.parametrize(
    ("room", "most", "step"), [(1.0, 5, 0.2), (1.0, 4, 0.25), (100.0, 5, 20.0), (0.49, 5, 0.1), (10.0, 10, 1.0)]
)
def test_a_step_is_round_and_fits_as_often_as_allowed(room: float, most: int, step: float) -> None:
    assert round_step(room, most) == pytest.approx(step)


def test_ticks_between_the_ends_keep_their_distance_from_them() -> None:
    assert between(0.0, 0.5, 5) == pytest.approx([0.1, 0.2, 0.3, 0.4])
    assert between(0.5, 0.99, 5) == pytest.approx([0.6, 0.7, 0.8, 0.9])
    assert between(1.0, 1.0, 5) == []


def test_whole_ticks_start_at_the_first_epoch() -> None:
    assert whole(20, 5) == [1, 5, 10, 15, 20]
    assert whole(3, 5) == [1, 2, 3]
    assert whole(1, 5) == [1]
