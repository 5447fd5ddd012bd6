"""The coordinator's side with real mirror processes. Each costs the seconds of MLflow's import."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from hpsearch.tracking.counts import Counts
from hpsearch.tracking.mirror_process import mirror_ahead
from hpsearch.tracking.tracker import Tracker

TRIALS, EPOCHS = 12, 20


def record_study(tracker: Tracker, trials: int = TRIALS) -> None:
    tracker.study("name: s\n", {"sampler": "tpe"}, {})
    for number in range(trials):
        tracker.trial_started(number, {"depth": number}, {"seed": "1"})
        for epoch in range(1, EPOCHS + 1):
            tracker.epoch(number, epoch, {"dev_loss": number + 1 / epoch, "dev_accuracy": epoch / 100})
        tracker.trial_ended(number, "KILLED" if number % 2 else "FINISHED", {"value": float(number)}, {})


def all_sent(trials: int = TRIALS) -> Counts:
    half = trials // 2
    return Counts(
        parents=1,
        children=trials,
        finished=trials - half,
        killed=half,
        with_params=trials,
        with_epochs=trials,
    )


def ask(home: Path, question: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(home / "mlflow.db")) as database:
        return database.execute(question).fetchall()


def ended_trials(home: Path) -> object:
    return ask(home, "SELECT COUNT(*) FROM runs WHERE status IN ('FINISHED', 'KILLED')")[0][0]


def wait_for(condition: Callable[[], bool], seconds: float = 300.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def mirror_of(tracker: Tracker) -> subprocess.Popen[bytes]:
    process = tracker._mirror._process
    assert process is not None
    return process


def test_a_study_is_mirrored_and_counted_quietly(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    home = tmp_path / "my home"  # MLflow's database is not there yet
    with Tracker(home, "s", None, "2026-11-22") as tracker:
        assert not tracker.recorded("study")
        record_study(tracker)
        mirror = mirror_of(tracker)
        assert os.getsid(mirror.pid) != os.getsid(0), "Ctrl-C in the terminal would reach the mirror"
        wait_for(lambda: (home / "mlflow.db").exists())
        os.kill(mirror.pid, signal.SIGINT)
        report = home / "report.html"
        report.write_text("<html>")
        tracker.artifact(report)
        tracker.study_ended("FINISHED", {"best_value": 0.5}, {"best": "3"})
        assert tracker.finish(300) == all_sent(), tracker.reason
        assert tracker.recorded("trial_ended", 3)
    assert capfd.readouterr() == ("", "")
    assert [path.name for path in (home / "mlartifacts").rglob("*.*")].count("report.html") == 1


def test_a_mirror_that_is_killed_again_and_again_leaves_no_double(home: Path) -> None:
    chance = random.Random()
    with Tracker(home, "s", None) as tracker:
        record_study(tracker)
        for done in (1, 5):
            wait_for(lambda done=done: ended_trials(home) >= done)  # type: ignore[misc]
            time.sleep(chance.uniform(0.0, 0.02))
            mirror_of(tracker).kill()
            mirror_of(tracker).wait()
            tracker.trial_started(0, {"depth": 0}, {})  # another mirror is started, and this start ignored
        tracker.study_ended("FINISHED", {}, {})
        assert tracker.finish(300) == all_sent(), tracker.reason
    points = ask(home, "SELECT run_uuid, key, step, COUNT(*) FROM metrics GROUP BY 1, 2, 3")
    assert all(count == 1 for *_, count in points)
    assert len(points) == TRIALS * (2 * EPOCHS + 1)


def test_an_exception_leaves_the_mirror_to_send_the_rest_and_end(home: Path) -> None:
    mirrors = []

    def broken_search() -> None:
        with Tracker(home, "s", None) as tracker:
            mirrors.append(mirror_of(tracker))
            record_study(tracker, trials=2)
            raise RuntimeError("training broke")

    with pytest.raises(RuntimeError, match="training broke"):
        broken_search()
    [mirror] = mirrors
    wait_for(lambda: mirror.poll() is not None)
    assert mirror.returncode == 0
    assert ended_trials(home) == 2
    assert ask(home, "SELECT status FROM runs WHERE name = 's'") == [("SCHEDULED",)]


COORDINATOR = """
import os, signal, sys
from pathlib import Path
from hpsearch.tracking.tracker import Tracker
from tests.tracking.test_tracker import record_study

with Tracker(Path(sys.argv[1]), "s", None) as tracker:
    record_study(tracker, trials=3)
    tracker.trial_started(3, {"depth": 3}, {})
    tracker.epoch(3, 1, {"dev_loss": 1.0})
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_coordinator_loses_nothing_that_it_recorded_and_a_resume_goes_on(home: Path) -> None:
    root = Path(__file__).parents[2]
    killed = subprocess.run([sys.executable, "-c", COORDINATOR, str(home)], cwd=root, check=False)
    assert killed.returncode == -signal.SIGKILL
    wait_for(lambda: ask(home, "SELECT status FROM runs WHERE name = 'trial-00003'") == [("SCHEDULED",)])
    assert ended_trials(home) == 3
    with Tracker(home, "s", None) as tracker:
        assert tracker.recorded("trial_started", 3)
        assert not tracker.recorded("trial_ended", 3)
        tracker.study("name: s\n", {"sampler": "tpe"}, {})
        tracker.trial_started(3, {"depth": 3}, {})
        for epoch in (1, 2):
            tracker.epoch(3, epoch, {"dev_loss": 1 / epoch})
        tracker.trial_ended(3, "KILLED", {}, {})
        tracker.study_ended("FINISHED", {}, {})
        assert tracker.finish(300) == all_sent(4), tracker.reason
    assert ask(home, "SELECT COUNT(*) FROM metrics WHERE value = 1.0 AND step = 1 AND key = 'dev_loss'") == [(2,)]


def test_mlflow_that_cannot_be_reached_costs_only_waiting_and_gets_all_later(home: Path, tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.write_text("a file where a folder should be")
    address = f"sqlite:///{place / 'mlflow.db'}"
    with Tracker(home, "s", address) as tracker:
        record_study(tracker, trials=2)
        tracker.study_ended("FINISHED", {}, {})
        assert tracker.finish(0.5) is None
        assert str(tracker.log) in tracker.reason
    place.unlink()
    place.mkdir()
    (home / "mlflow.db").rename(place / "mlflow.db")
    with Tracker(home, "s", address) as tracker:
        assert tracker.finish(300) == all_sent(2), tracker.reason


def test_a_mirror_that_cannot_even_start_is_said(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with Tracker(home, "s", None) as tracker:
        record_study(tracker, trials=8)
        assert tracker.finish(10) is None
        assert "the MLflow mirror died" in tracker.reason


def test_a_mirror_that_is_started_ahead_records_the_study_or_leaves_nothing(home: Path) -> None:
    with mirror_ahead() as mirror:
        process = mirror._process
        assert process is not None
        with Tracker(home, "s", None, mirror=mirror) as tracker:
            record_study(tracker, trials=2)
            tracker.study_ended("FINISHED", {}, {})
            assert mirror_of(tracker) is process
            assert tracker.finish(300) == all_sent(2), tracker.reason
    before = sorted(home.rglob("*"))
    with mirror_ahead() as mirror:
        process = mirror._process
        assert process is not None
    assert process.wait(10) == -signal.SIGKILL
    assert sorted(home.rglob("*")) == before


def test_what_mlflow_says_while_it_is_imported_is_in_the_log(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = "import sys\nprint('early words', file=sys.stderr)\nraise RuntimeError('a broken installation')\n"
    (tmp_path / "mlflow.py").write_text(broken)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with mirror_ahead() as mirror, Tracker(home, "s", None, mirror=mirror) as tracker:
        record_study(tracker, trials=1)
        assert tracker.finish(20) is None
        assert str(tracker.log) in tracker.reason
    told = tracker.log.read_text()
    assert told.index("early words") < told.index("RuntimeError: a broken installation")


def test_the_coordinator_never_imports_mlflow() -> None:
    heavy = "{'mlflow', 'sqlalchemy', 'torch', 'optuna', 'pandas', 'numpy'}"
    code = f"import sys, hpsearch.tracking.tracker, hpsearch.tracking.ui; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
