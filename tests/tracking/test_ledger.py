from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpsearch.tracking.ledger import MALFORMED, Ledger
from hpsearch.tracking.runs import PARAM_LENGTH, Run
from tests.tracking.outboxes import (
    artifact,
    ended,
    epoch,
    interrupted,
    started,
    study,
    study_ended,
    whole_trial,
)


def folded(*records: dict[str, Any], known: list[Run] | None = None) -> Ledger:
    ledger = Ledger(known or [])
    for record in records:
        ledger.take(record)
    return ledger


def later(record: dict[str, Any]) -> dict[str, Any]:
    return {**record, "time": record["time"] + 1000.0}


@given(st.integers(0, 5), st.integers(0, 5))
def test_a_trial_started_again_after_a_crash_keeps_what_it_said_first(lost_at: int, again_at: int) -> None:
    trial = whole_trial(3, epochs=4)
    once = folded(study(), *trial).runs[3]
    twice = folded(study(), *trial[:lost_at], *map(later, trial[:again_at]), *map(later, trial)).runs[3]
    assert {(p.key, p.step): p.value for p in twice.points} == {(p.key, p.step): p.value for p in once.points}
    assert len(twice.points) == len(once.points)
    assert (twice.params, twice.status) == (once.params, once.status)
    kept = [point for point in twice.points if point.step <= lost_at - 1 and point.key != "value"]
    assert kept == [point for point in once.points if point in kept]


def test_a_second_end_is_ignored() -> None:
    run = folded(study(), *whole_trial(0), ended(0, "FAILED", at=90.0, value=5.0)).runs[0]
    assert run.status == "FINISHED"
    assert run.ended == 50_000
    assert [point.value for point in run.points if point.key == "value"] == [0.0]


def test_final_metrics_stand_at_the_last_epoch() -> None:
    run = folded(study(), *whole_trial(1, epochs=5)).runs[1]
    assert [(p.value, p.time, p.step) for p in run.points if p.key == "value"] == [(1.0, 50_000, 5)]


def test_values_that_are_not_finite_are_named_and_never_sent() -> None:
    bad = epoch(0, 1, dev_loss=math.nan, train_loss=math.inf, dev_accuracy=0.5)
    run = folded(study(), started(0), bad, ended(0, value=-math.inf)).runs[0]
    assert [(p.key, p.value) for p in run.points] == [("dev_accuracy", 0.5)]
    assert run.tags["hpsearch.not_finite"] == "dev_loss, train_loss, value"


def test_an_interruption_schedules_what_runs_and_a_resume_runs_it_again() -> None:
    records = [study(), *whole_trial(0), started(1), epoch(1, 1), interrupted()]
    paused = folded(*records)
    assert [paused.runs[n].status for n in (None, 0, 1)] == ["SCHEDULED", "FINISHED", "SCHEDULED"]
    resumed = folded(*records, study(), started(1))
    assert [resumed.runs[n].status for n in (None, 1)] == ["RUNNING", "RUNNING"]
    assert folded(*records, study(), epoch(1, 2)).runs[1].status == "RUNNING"


def test_a_study_whose_coordinator_died_is_scheduled_and_one_that_ended_is_not() -> None:
    died = folded(study(), started(0))
    died.close()
    assert [died.runs[n].status for n in (None, 0)] == ["SCHEDULED", "SCHEDULED"]
    over = folded(study(), *whole_trial(0), study_ended())
    over.close()
    assert over.runs[None].status == "FINISHED"


def test_a_study_that_is_continued_says_its_result_again() -> None:
    run = folded(study(), study_ended(best=0.5), later(study()), study_ended(best=0.7)).runs[None]
    assert [(p.value, p.step) for p in run.points] == [(0.5, 1), (0.7, 2)]


def test_a_parameter_that_changes_becomes_a_tag_and_a_long_one_is_cut() -> None:
    run = folded(study(trials=100, note="x" * 9000), study(trials=150)).runs[None]
    assert run.params["trials"] == "100"
    assert run.tags["trials"] == "150"
    assert len(run.params["note"]) == PARAM_LENGTH


def test_what_mlflow_has_already_is_not_sent_again(tmp_path: Path) -> None:
    known = Run(0, "id", sent_status="RUNNING", uploaded=1, known_params={"depth": "0"})
    known.known_points = {("dev_loss", 1), ("dev_accuracy", 1)}
    files = [artifact(tmp_path / name, 0) for name in ("a", "b")]
    run = folded(study(), started(0), epoch(0, 1), epoch(0, 2), *files, known=[known]).runs[0]
    assert {point.step for point in run.points} == {2}
    assert set(run.params) == {"learning_rate"}
    assert [upload.path for upload in run.uploads] == [tmp_path / "b"]


def test_a_trial_that_mlflow_has_whole_stays_as_it_is() -> None:
    known = Run(0, "id", status="KILLED", sent_status="KILLED")
    ledger = folded(*whole_trial(0), interrupted(), known=[known])
    assert ledger.due(now=math.inf, hold=0.0) == []


def test_news_of_a_trial_under_way_waits_and_its_end_does_not() -> None:
    ledger = folded(study(), started(0), epoch(0, 1), *whole_trial(1))
    since = ledger.runs[0].since
    assert since is not None
    assert [run.number for run in ledger.due(since + 4.9, hold=5.0)] == [None, 1]
    assert [run.number for run in ledger.due(since + 5.1, hold=5.0)] == [None, 0, 1]


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"kind": "else"},
        {"kind": ["study"]},
        epoch(9, 1),
        ended(0, "DONE"),
        {**started(2), "time": "now"},
        {**epoch(0, 1), "metrics": None},
        {**study(), "tags": [1]},
    ],
)
def test_a_record_that_makes_no_sense_is_refused(record: dict[str, Any]) -> None:
    ledger = folded(study(), started(0))
    with pytest.raises(MALFORMED):
        ledger.take(record)
