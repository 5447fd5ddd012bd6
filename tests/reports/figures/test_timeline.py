from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from hpsearch.events import Failure
from hpsearch.reports.figure import Missing
from hpsearch.reports.figures.timeline import Bar, Group, Timeline, alt, compute, draw, notes
from hpsearch.reports.theme import LIGHT
from hpsearch.search.records import StudyRecord
from tests.reports.studies import placed, search, study, trial

CURVE = {"dev_accuracy": [0.1, 0.2, 0.3, 0.4]}


def record_of(record: StudyRecord) -> Timeline:
    found = compute(record)
    assert isinstance(found, Timeline)
    return found


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
        groups=(Group(None, 0, 2),),
    )


def moved() -> StudyRecord:
    """Trial 0 goes from worker 0 to worker 1 after its second epoch, at 4 s; trial 3 still runs."""
    return study(
        trial(0, 0.4, start=0, seconds=8, metrics=CURVE, ends=[2, 4, 6, 8], trained_by=[(1, 0, 2), (3, 1, 1)]),
        trial(1, 0.4, start=0, seconds=6, metrics=CURVE, ends=[2, 4, 5, 6], trained_by=[(1, 0, 2), (3, 0, 1)]),
        trial(2, 0.4, start=3, seconds=6, metrics=CURVE, ends=[4, 5, 6, 9], trained_by=[(1, 1, 1)]),
        trial(3, state="RUNNING", start=6, seconds=None),
    )


def test_rows_belong_to_workers_and_a_trial_that_moved_has_a_bar_in_each() -> None:
    record = record_of(moved())
    assert record.bars == (
        Bar(0, 0, 0.0, 4.0, "complete", 0),
        Bar(1, 1, 0.0, 6.0, "complete", 0),
        Bar(2, 2, 3.0, 9.0, "complete", 1),
        Bar(0, 3, 4.0, 8.0, "complete", 1),
        Bar(3, 4, 6.0, 9.0, "running", None),
    )
    assert record.groups == (Group(0, 0, 2), Group(1, 2, 2), Group(None, 4, 1))
    assert (record.rows, record.seconds) == (5, 9.0)
    assert record.fill is not None
    assert alt(record).startswith("4 trials over 9.0 s, on 2 workers: 3 complete, 1 running.")
    assert notes(record) == []


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 20)), min_size=1, max_size=30))
def test_no_two_bars_of_a_row_overlap_and_no_row_is_needless(spans: list[tuple[int, int]]) -> None:
    record = record_of(study(*(trial(n, 0.5, start=a, seconds=b) for n, (a, b) in enumerate(spans))))
    no_overlap(record)
    most = max(sum(bar.start <= at.start < bar.end for bar in record.bars) for at in record.bars)
    assert record.rows == most


def no_overlap(record: Timeline) -> None:
    for one in record.bars:
        for other in record.bars:
            apart = one.end <= other.start or other.end <= one.start
            assert one is other or one.row != other.row or apart


@given(st.integers(1, 40), st.integers(1, 5))
def test_every_bar_is_in_its_workers_rows_and_a_trials_bars_follow_one_another(trials: int, workers: int) -> None:
    record = record_of(placed(search(trials, epochs=3), workers))
    no_overlap(record)
    rows = {group.worker: range(group.first, group.first + group.rows) for group in record.groups}
    assert sorted(row for found in rows.values() for row in found) == list(range(record.rows))
    assert all(bar.row in rows[bar.worker] for bar in record.bars)
    last: dict[int, float] = {}
    for bar in sorted(record.bars, key=lambda bar: (bar.number, bar.start, bar.end)):
        assert bar.start == last.get(bar.number, bar.start)
        last[bar.number] = bar.end


def test_states_have_their_own_colours_and_a_legend() -> None:
    record = record_of(study(trial(0, 0.5), trial(1, state="PRUNED")))
    assert [(trace.name, trace.line.color) for trace in draw(record, LIGHT).data] == [
        ("complete 1", LIGHT.blue),
        ("pruned 1", LIGHT.orange),
    ]


def test_workers_stand_beside_their_rows_and_the_fill_below_has_the_same_time_axis() -> None:
    drawing = draw(record_of(moved()), LIGHT)
    assert [trace.name for trace in drawing.data[:2]] == ["complete 3", "running 1"]  # trial 0 counts once
    assert drawing.layout.yaxis.ticktext == ["worker 0", "worker 1", "no worker"]
    assert drawing.layout.yaxis.tickvals == [1.5, 4.5, 7]  # a row is free between two workers
    assert drawing.layout.xaxis2.matches == "x"
    assert drawing.layout.xaxis2.title.text == "time since the first trial started (seconds)"
    assert drawing.layout.yaxis2.ticktext == ["worker 0<br>mean 1.5", "worker 1<br>mean 1"]


def test_of_many_workers_as_many_are_named_as_there_is_room_for() -> None:
    drawing = draw(record_of(placed(search(300), 70)), LIGHT)
    for axis, pixels in (("yaxis", 460), ("yaxis2", 460)):
        places = drawing.layout[axis].tickvals
        low, high = sorted(drawing.layout[axis].range)
        gaps = [abs(b - a) * pixels / (high - low) for a, b in pairwise(places)]
        assert len(places) > 10
        assert min(gaps) > 13


def test_studies_that_do_not_say_who_trained_say_so() -> None:
    record = record_of(study(trial(0, 0.5), trial(1, state="PRUNED")))
    assert record.fill is None
    assert "at most 2 at once" in alt(record)
    assert [note.startswith("Of no trial here") for note in notes(record)] == [True]
    assert draw(record, LIGHT).layout.yaxis.title.text == "at the same time"


def test_ten_thousand_trials_have_a_small_record_and_figure() -> None:
    record = record_of(placed(search(10_000, epochs=20)))
    assert record.fill is not None
    assert [len(fill.bins) for fill in record.fill.workers] == [300, 300]
    fill = [trace for trace in draw(record, LIGHT).to_dict()["data"] if trace.get("fill")]
    assert len(fill) == 2
    assert len(json.dumps(fill)) < 50_000


def test_no_trial_is_a_reason() -> None:
    assert compute(study()) == Missing("No trial has started yet.")


def test_a_study_of_a_moment_has_bars_alone() -> None:
    one = trial(0, 0.5, seconds=0, metrics={"dev_accuracy": [0.5]}, ends=[0], trained_by=[(1, 0, 1)])
    record = record_of(study(one, replace(one, number=1)))
    assert record.fill is None
    assert record.groups == (Group(0, 0, 1),)
    assert draw(record, LIGHT).layout.yaxis.ticktext == ["worker 0"]
