"""How full the stacks were, against numbers worked out by hand."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpsearch.reports.drawing import Drawing
from hpsearch.reports.figures.stack_fill import MOST_BINS, Fill, StackFill, compute, draw, said
from hpsearch.reports.theme import LIGHT
from hpsearch.search.records import StudyRecord
from tests.reports.studies import START, placed, search, study, trial

FIRST = START.timestamp()


def one(number: int, ends: list[float], trained_by: list[tuple[int, int, int]], seconds: float) -> Any:
    metrics = {"dev_accuracy": [0.5] * len(ends)}
    return trial(number, 0.5, seconds=seconds, metrics=metrics, ends=ends, trained_by=trained_by)


def test_the_mean_is_over_epochs_of_stacks_each_counted_once() -> None:
    """Worker 0: two epochs of a stack of two, then two of a lone trial. Worker 1: one epoch of a stack of three.

    The other two trials of that stack still run, so that nothing is known of them.
    """
    record = study(
        one(0, [1.0, 2.0, 3.0, 4.0], [(1, 0, 2), (3, 0, 1)], seconds=3.0),
        one(1, [1.0, 2.0], [(1, 0, 2)], seconds=1.0),
        one(2, [2.0], [(1, 1, 3)], seconds=0.5),
    )
    found = compute(record, FIRST, 4.0)
    assert [(fill.worker, fill.mean) for fill in found.workers] == [(0, 1.5), (1, 3.0)]
    assert said(found) == "Trials trained together on average: 1.5 by worker 0, 3 by worker 1, of at most 3."


def test_an_epoch_counts_in_a_bin_by_its_part_there() -> None:
    """Epochs end at 1, 2, 3 and 4 s, with stacks of 2, 2, 1 and 1: bins of 4/300 s, the border lies in none of them."""
    record = study(
        one(0, [1.0, 2.0, 3.0, 4.0], [(1, 0, 2), (3, 0, 1)], seconds=4.0),
        one(1, [1.0, 2.0], [(1, 0, 2)], seconds=1.0),
    )
    (fill,) = compute(record, FIRST, 4.0).workers
    assert len(fill.bins) == MOST_BINS
    assert fill.bins == (2.0,) * 150 + (1.0,) * 150


def test_short_epochs_within_a_bin_have_their_mean() -> None:
    """In each of 300 bins of 1 s an epoch of a stack of 3 ends after a half, one of a lone trial at the end."""
    ends = [half / 2 for half in range(1, 601)]
    trials = [
        one(0, ends, [(n + 1, 0, 1 if n % 2 else 3) for n in range(600)], seconds=300.0),
        *(one(n, ends[::2], [(1, 0, 3)], seconds=150.0) for n in (1, 2)),
    ]
    (fill,) = compute(study(*trials), FIRST, 300.0).workers
    assert fill.bins == (2.0,) * 300
    assert fill.mean == 2.0


def test_a_pause_is_a_gap_and_an_epoch_before_it_begins_as_long_before_its_end_as_it_took() -> None:
    """An epoch took about 1 s: after those that ended at 1 and 2 s nothing is trained before 8 s."""
    (fill,) = compute(study(one(0, [1.0, 2.0, 9.0, 10.0], [(1, 0, 1)], seconds=4.0)), FIRST, 10.0).workers
    assert fill.bins == (1.0,) * 60 + (None,) * 180 + (1.0,) * 60


def test_a_few_idle_moments_between_two_epochs_are_no_gap() -> None:
    (fill,) = compute(study(one(0, [1.0, 3.5, 5.0], [(1, 0, 1)], seconds=3.0)), FIRST, 5.0).workers
    assert fill.bins == (1.0,) * 300


def test_of_very_many_workers_the_least_and_the_most_are_said() -> None:
    lanes = StackFill(tuple(Fill(n, 1 + (n * 7 % 20) / 10, ()) for n in range(20)), most=4)
    assert said(lanes) == "Trials trained together on average: from 1 by worker 0 to 2.9 by worker 17, of at most 4."


MOST = [
    ({}, 2),  # nothing is known: the largest that was seen
    ({"slots": 16}, 8),
    ({"slots": 15}, 8),
    ({"slots": 16, "stack": 5}, 5),
    ({"slots": 16, "effort": {"kinds": [[4, 2.0], [6, 2.5]]}}, 6),
    ({"slots": 16, "effort": {"kinds": [[64, 2.0]]}}, 8),
    ({"slots": 16, "effort": {"kinds": [[1, 1.0]]}}, 2),
    ({"slots": 16, "effort": {"kinds": []}}, 8),
    ({"slots": 16, "effort": {"workers": 1}}, 16),  # two workers at first, one in the last run
    ({"slots": 16, "effort": {"workers": 4}}, 8),
]


@pytest.mark.parametrize(("facts", "expected"), MOST)
def test_a_stack_can_have_what_a_workers_part_of_the_slots_and_the_measurement_allow(
    facts: dict[str, Any], expected: int
) -> None:
    trials = one(0, [1.0], [(1, 0, 2)], seconds=1.0), one(1, [1.0], [(1, 1, 1)], seconds=1.0)
    assert compute(study(*trials, **facts), FIRST, 1.0).most == expected


@given(st.integers(6, 60), st.integers(1, 4))
def test_a_mean_is_as_many_trials_trained_as_stacks(trials: int, workers: int) -> None:
    record: StudyRecord = placed(search(trials, epochs=4), workers)
    seconds = max((t.ended - START).total_seconds() for t in record.trials if t.ended)
    found: StackFill = compute(record, FIRST, seconds)
    for fill in found.workers:
        told = Counter[int]()
        for one_trial in record.trials:
            changes = [*one_trial.history.trained_by]
            for epoch in range(1, one_trial.history.epochs + 1 if changes else 1):
                _, worker, stack = [change for change in changes if change.epoch <= epoch][-1]
                told[stack] += worker == fill.worker
        assert math.isclose(fill.mean, sum(s * n for s, n in told.items()) / told.total())
        sizes = [size for size in fill.bins if size is not None]
        assert sizes
        assert 1 <= min(sizes) <= max(sizes) <= found.most


def test_a_lane_is_drawn_as_steps_with_gaps_over_its_base() -> None:
    drawing = Drawing()
    lanes = StackFill((Fill(0, 2.0, (4.0, 4.0, None, 2.0)), Fill(3, 1.0, (None, None, 1.0, None))), most=4)
    draw(drawing, lanes, length=8.0, height=200, theme=LIGHT)
    first, second = drawing.data[-2:]
    assert (first.x, second.x) == ([0, 0, 4, 4, None, 6, 6, 8, 8, None], [4, 4, 6, 6, None])
    assert first.y == [1.3, 2.3, 2.3, 1.3, None, 1.3, 1.8, 1.8, 1.3, None]
    assert second.y == [0, 0.25, 0.25, 0, None]
    assert first.customdata == [4, 4, 4, 4, None, 2, 2, 2, 2, None]
    assert drawing.layout.yaxis2.ticktext == ["worker 0<br>mean 2", "worker 3<br>mean 1"]
    tops = [trace.y for trace in drawing.data[:2]]
    assert tops == [[1.3, 1.3, None, 0, 0, None], [2.3, 2.3, None, 1, 1, None]]
