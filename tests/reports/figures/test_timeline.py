from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hpsearch.events import Failure
from hpsearch.reports.figure import Missing
from hpsearch.reports.figures.timeline import Bar, Timeline, compute, draw
from hpsearch.reports.theme import LIGHT
from tests.reports.studies import study, trial


def test_a_trial_takes_the_lowest_row_that_is_free() -> None:
    record = compute(
        study(
            trial(0, 0.5, start=0, seconds=10),
            trial(1, state="PRUNED", start=1, seconds=2),
            trial(2, 0.0, failure=Failure.DIVERGED, start=3, seconds=4),
            trial(3, state="RUNNING", start=8, seconds=None),
        )
    )
    assert record == Timeline(
        bars=(
            Bar(0, 0, 0.0, 10.0, "complete"),
            Bar(1, 1, 1.0, 3.0, "pruned"),
            Bar(2, 1, 3.0, 7.0, "failed"),
            Bar(3, 1, 8.0, 10.0, "running"),
        ),
        rows=2,
        seconds=10.0,
    )


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 20)), min_size=1, max_size=30))
def test_no_two_bars_of_a_row_overlap_and_no_row_is_needless(spans: list[tuple[int, int]]) -> None:
    record = compute(study(*(trial(n, 0.5, start=a, seconds=b) for n, (a, b) in enumerate(spans))))
    assert isinstance(record, Timeline)
    for one in record.bars:
        for other in record.bars:
            apart = one.end <= other.start or other.end <= one.start
            assert one is other or one.row != other.row or apart
    most = max(sum(bar.start <= at.start < bar.end for bar in record.bars) for at in record.bars)
    assert record.rows == most


def test_states_have_their_own_colours_and_a_legend() -> None:
    record = compute(study(trial(0, 0.5), trial(1, state="PRUNED")))
    assert isinstance(record, Timeline)
    assert [(trace.name, trace.line.color) for trace in draw(record, LIGHT).data] == [
        ("complete 1", LIGHT.blue),
        ("pruned 1", LIGHT.orange),
    ]


def test_no_trial_is_a_reason() -> None:
    assert compute(study()) == Missing("No trial has started yet.")
