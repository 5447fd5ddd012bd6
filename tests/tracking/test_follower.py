"""The reading end against a fake MLflow that fails where it is told to."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection
from pathlib import Path

import pytest

from hpsearch.tracking import follower
from hpsearch.tracking.counts import Counts
from hpsearch.tracking.faults import Faults
from hpsearch.tracking.follower import Follower
from hpsearch.tracking.outbox import Outbox
from hpsearch.tracking.runs import Run
from tests.tracking.outboxes import epoch, follow, started, study, study_ended, whole_trial, write


class FakeMlflow:
    """Remembers each trial's points and the calls; `failures` is how many calls to refuse first."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.connections = 0
        self.calls: list[tuple[int | None, str]] = []
        self.points: dict[int | None, list[tuple[str, int]]] = {}
        self.status: dict[int | None, str] = {}

    def connect(self, faults: Faults | None = None) -> FakeMlflow:
        self._answer()
        self.connections += 1
        return self

    def runs(self) -> list[Run]:
        runs = [Run(number, str(number), sent_status=status) for number, status in self.status.items()]
        for run in runs:
            run.known_points = set(self.points[run.number])
            run.status = self.status[run.number] if run.whole else "RUNNING"
        return runs

    def send(self, run: Run, common_tags: dict[str, str]) -> None:
        self._answer()
        self.calls.append((run.number, run.status))
        self.points.setdefault(run.number, []).extend((point.key, point.step) for point in run.points)
        run.points = []
        self.status[run.number] = run.sent_status = run.status
        run.since = None

    def counts(self, epoch_metrics: Collection[str]) -> Counts:
        self._answer()
        return Counts(parents=None in self.status, children=len(self.status.keys() - {None}))

    def _answer(self) -> None:
        if self.failures:
            self.failures -= 1
            raise ConnectionError("refused")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follower, "POLL_SECONDS", 0.001)
    monkeypatch.setattr(follower, "_LAST_WAIT_SECONDS", 0.001)


def test_a_whole_trial_costs_one_sending(tmp_path: Path) -> None:
    mlflow = FakeMlflow()
    outbox = write(tmp_path / "o", [study(), *whole_trial(0), *whole_trial(1, status="KILLED"), study_ended()])
    assert follow(outbox, mlflow.connect) == Counts(parents=1, children=2)
    assert mlflow.calls == [(None, "FINISHED"), (0, "FINISHED"), (1, "KILLED")]


@pytest.mark.parametrize("failures", [1, 3, 6])
def test_an_outage_at_the_start_delays_and_loses_nothing(tmp_path: Path, failures: int) -> None:
    mlflow = FakeMlflow(failures)
    outbox = write(tmp_path / "o", [study(), *whole_trial(0), study_ended()])
    assert follow(outbox, mlflow.connect, patience=30.0) == Counts(parents=1, children=1)
    assert len(mlflow.points[0]) == len(set(mlflow.points[0])) == 3 * 2 + 1


def test_an_outage_that_outlasts_the_patience_is_said_and_the_rest_is_sent_by_the_next(
    tmp_path: Path,
) -> None:
    mlflow = FakeMlflow(failures=10_000)
    outbox = write(tmp_path / "o", [study(), *whole_trial(0)])
    assert follow(outbox, mlflow.connect, patience=0.02) == "refused"
    mlflow.failures = 0
    assert follow(outbox, mlflow.connect) == Counts(parents=1, children=1)


def test_a_record_that_makes_no_sense_is_counted_and_the_rest_is_sent(tmp_path: Path) -> None:
    mlflow = FakeMlflow()
    log: list[str] = []
    faults = Faults(log.append)
    closed = threading.Event()
    closed.set()
    outbox = write(tmp_path / "o", [study(), epoch(9, 1), {"kind": "no"}, *whole_trial(0)])
    Follower(outbox, mlflow.connect, faults, closed, log.append).run()
    assert mlflow.status[0] == "FINISHED"
    assert len(faults) == len(log) == 2


def test_a_long_outbox_is_read_in_steps_and_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follower, "_RECORDS_A_STEP", 4)
    mlflow = FakeMlflow()
    outbox = write(tmp_path / "o", [study(), *(r for n in range(5) for r in whole_trial(n)), study_ended()])
    assert follow(outbox, mlflow.connect) == Counts(parents=1, children=5)
    assert all(len(set(mlflow.points[n])) == len(mlflow.points[n]) == 7 for n in range(5))


def test_records_are_followed_while_they_are_written_and_an_outage_midway_is_caught_up(
    tmp_path: Path,
) -> None:
    mlflow, closed, results = FakeMlflow(), threading.Event(), list[Counts | str]()
    outbox = Outbox(tmp_path / "o")
    log: list[str] = []
    reader = Follower(outbox.path, mlflow.connect, Faults(log.append), closed, log.append, 30.0)
    thread = threading.Thread(target=lambda: results.append(reader.run()))
    thread.start()
    outbox.append(study())
    for number in range(30):
        for record in whole_trial(number):
            outbox.append(record)
        if number == 10:
            wait_for(lambda: None in mlflow.status and 10 in mlflow.status)
            mlflow.failures = 5
    outbox.append(started(30))
    outbox.close()
    closed.set()
    thread.join(timeout=20)
    assert results == [Counts(parents=1, children=31)]
    assert mlflow.connections >= 2
    assert log == ["waiting for MLflow: refused"]
    assert all(len(set(mlflow.points[n])) == len(mlflow.points[n]) == 7 for n in range(30))
    assert mlflow.status[30] == "SCHEDULED"


def wait_for(condition: object, seconds: float = 10.0) -> None:
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.005)
