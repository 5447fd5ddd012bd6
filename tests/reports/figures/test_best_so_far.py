from __future__ import annotations

import pytest

from hpsearch.events import Failure
from hpsearch.reports.figure import Missing
from hpsearch.reports.figures.best_so_far import BestSoFar, compute, draw
from hpsearch.reports.theme import LIGHT
from tests.reports.studies import search, study, trial


def small() -> BestSoFar:
    record = compute(
        study(
            trial(0, 0.5, start=0, seconds=30, params={"x": 0.1}),
            trial(1, 0.8, start=5, seconds=5),
            trial(2, 0.7, start=5, seconds=15),
            trial(3, state="PRUNED", start=6, seconds=4, metrics={"dev_accuracy": [0.2, 0.3]}),
            trial(4, state="PRUNED", start=6, seconds=4),
            trial(5, 0.8, start=12, seconds=10),
            trial(6, 0.9, start=20, seconds=30),
            trial(7, 0.0, failure=Failure.DIVERGED),
            trial(8, state="PRUNED", metrics={"dev_accuracy": [float("nan")]}),
        )
    )
    assert isinstance(record, BestSoFar)
    return record


def test_every_scored_trial_is_a_mark_with_the_time_it_ended() -> None:
    marks = [(mark.number, mark.seconds, mark.value) for mark in small().scored]
    assert marks == [(0, 30.0, 0.5), (1, 10.0, 0.8), (2, 20.0, 0.7), (5, 22.0, 0.8), (6, 50.0, 0.9)]


def test_a_mark_counts_the_epochs_of_all_trials_that_had_ended_by_then() -> None:
    trials = [
        trial(0, 0.5, seconds=30, metrics={"dev_accuracy": [0.1, 0.5]}),
        trial(1, state="PRUNED", seconds=10, metrics={"dev_accuracy": [0.1]}),
        trial(2, 0.9, seconds=20, metrics={"dev_accuracy": [0.1, 0.2, 0.9]}),
        trial(3, state="RUNNING", seconds=None, metrics={"dev_accuracy": [0.1]}),
    ]
    record = compute(study(*trials))
    assert isinstance(record, BestSoFar)
    assert [(mark.number, mark.epochs) for mark in (*record.scored, *record.pruned)] == [(0, 6), (2, 4), (1, 1)]


def test_the_reader_may_look_over_trials_time_or_epochs() -> None:
    drawing = draw(small(), LIGHT)
    views = drawing.layout.meta.views
    assert [view["label"] for view in views] == ["Over trials", "Over time", "Over epochs trained"]
    assert list(drawing.data[2].x) == [0, 1, 6, 6]
    assert list(views[1]["data"][2]["x"]) == [10.0, 50.0, 50.0]
    assert views[1]["layout"]["xaxis"]["title"]["text"] == "time since the first trial started (seconds)"


def test_a_pruned_trial_is_a_mark_at_its_last_value() -> None:
    assert [(mark.number, mark.seconds, mark.value) for mark in small().pruned] == [(3, 10.0, 0.3)]


def test_the_line_rises_over_trials_and_over_time_in_their_own_orders() -> None:
    assert [mark.number for mark in small().by_number] == [0, 1, 6]
    assert [mark.number for mark in small().by_time] == [1, 6]


def test_a_loss_falls() -> None:
    record = compute(study(trial(0, 0.5), trial(1, 0.7), trial(2, 0.4), direction="minimize"))
    assert isinstance(record, BestSoFar)
    assert [mark.number for mark in record.by_number] == [0, 2]


def test_no_value_is_a_reason() -> None:
    assert isinstance(compute(study(trial(0, state="FAIL"))), Missing)


@pytest.mark.parametrize(("count", "kind"), [(100, "scatter"), (4000, "scattergl")])
def test_many_points_are_drawn_by_webgl(count: int, kind: str) -> None:
    record = compute(search(count, epochs=2))
    assert isinstance(record, BestSoFar)
    assert {trace.type for trace in draw(record, LIGHT).data} == {kind}


@pytest.mark.parametrize(("count", "dtick"), [(1, 1), (4, 1), (60, None)])
def test_few_trials_get_a_tick_each_and_time_none_of_that(count: int, dtick: int | None) -> None:
    record = compute(study(*(trial(number, 0.5 + number / 100) for number in range(count))))
    assert isinstance(record, BestSoFar)
    trials, time, _ = draw(record, LIGHT).layout.meta.views
    assert (trials["layout"]["xaxis"]["dtick"], trials["layout"]["xaxis"]["tickformat"]) == (dtick, ",d")
    assert (time["layout"]["xaxis"]["dtick"], time["layout"]["xaxis"]["tickformat"]) == (None, "")
