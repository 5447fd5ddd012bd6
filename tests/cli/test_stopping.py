"""Ctrl-C, SIGTERM and a second coordinator: nothing is lost, and it says how to go on."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from hpsearch.cli.stopping import Interrupt, Stopping
from tests.cli.command import (
    PATIENCE,
    Result,
    ended,
    environment,
    finished,
    hpsearch,
    light,
    start,
    trials,
    wait_for,
    write_study,
)


@contextmanager
def under_way(folder: Path, *arguments: object) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A study without end that has finished its first trials, as a process, and its home."""
    study, home = write_study(folder, trials=100_000, sampler="random"), folder / "home"
    process = start("run", study, "--home", home, *arguments)
    try:
        wait_for(lambda: process.poll() is not None or finished(home) > 2, "the first trials")
        yield process, home
    finally:
        process.kill()
        process.communicate()


def is_as_before(before: list[dict[str, Any]], home: Path) -> bool:
    """Whether every trial that had ended is there as it was."""
    after = trials(home)
    return all(trial == after[trial["number"]] for trial in before if trial["value"] is not None)


def test_while_a_study_runs_it_can_be_read_but_not_run_and_ctrl_c_ends_it_well(tmp_path: Path) -> None:
    with under_way(tmp_path) as (process, home):
        status = hpsearch("status", "--home", home, "--format", "json").json
        assert status["pid"] == process.pid
        assert 0 < status["running"] <= 4
        assert status["waiting"] == 0
        for command in (["studies"], ["trials", "small"], ["best", "small"], ["status", "small"]):
            result = hpsearch(*command, "--home", home)
            assert (result.code, result.err) == (0, "")
        second = hpsearch("resume", "small", "--home", home, "-q")
        assert (second.code, second.out) == (1, "")
        (refused,) = second.lines
        assert refused.startswith(f"error: study 'small' is being run by process {process.pid} on ")
        assert refused.endswith(f", since {status['since']}")
        before = trials(home)
        process.send_signal(signal.SIGINT)
        result = ended(process)
    assert (result.code, result.out) == (130, "")
    said = [line for line in result.lines if not line.startswith(("small: ", "writing", "MLflow: writing"))]
    assert said[0].startswith("best dev_accuracy")
    assert said[5] == f"stopped; nothing is lost: hpsearch resume small --home {home} goes on"
    assert said[6].endswith("as in the study")
    assert "small: stopping when this epoch ends; Ctrl-C again stops at once" in result.lines
    assert is_as_before(before, home)
    done = finished(home)
    with light():
        assert hpsearch("resume", "small", "-n", done + 5, "--home", home).code == 0
    assert finished(home) == done + 5
    assert {trial["state"] for trial in trials(home)} == {"COMPLETE"}
    assert is_as_before(before, home)


def test_sigterm_stops_a_run_as_ctrl_c_does(tmp_path: Path) -> None:
    with under_way(tmp_path, "-q") as (process, home):
        before = trials(home)
        process.terminate()
        result = ended(process)
    assert result == Result(130, "", "")
    assert is_as_before(before, home)


def test_a_second_ctrl_c_stops_at_once(tmp_path: Path) -> None:
    with under_way(tmp_path) as (process, home):
        before = trials(home)
        assert process.stderr is not None
        process.send_signal(signal.SIGINT)
        for line in process.stderr:
            if "Ctrl-C again stops at once" in line:
                break
        process.send_signal(signal.SIGINT)
        result = ended(process)
    assert result.code == 130
    assert "Traceback" not in result.err
    assert result.lines[-1].endswith(f"hpsearch resume small --home {home} goes on")
    assert "MLflow's pages" not in result.err
    assert is_as_before(before, home)


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_before_the_first_trial_gets_one_line(kind: signal.Signals, tmp_path: Path) -> None:
    process = start("run", write_study(tmp_path), "--home", tmp_path / "home")
    maps = Path(f"/proc/{process.pid}/maps")
    while "libtorch" not in maps.read_text():  # it is still importing what it needs
        time.sleep(0.01)
    process.send_signal(kind)
    result = ended(process)
    assert (result.code, result.out) == (130, "")
    (said,) = [line for line in result.lines if line]
    assert said.startswith("stopped")


# A command that is interrupted while it waits, and once more while it puts things away.
TWICE = """
import signal, time
from hpsearch.cli import main, stopping
signal.signal(signal.SIGINT, signal.default_int_handler)  # a test run in the background has it ignored
stopping.TOGETHER_SECONDS = 60.0  # a busy machine may take its time between the two
def command(**named):
    try:
        signal.raise_signal(signal.SIGINT)
        time.sleep(10)
    finally:
        signal.raise_signal(signal.SIGTERM)
        print("put away", flush=True)
main.hpsearch.main = command
main.main()
"""


def test_of_two_signals_that_come_together_the_second_disturbs_no_clearing_up() -> None:
    done = subprocess.run([sys.executable, "-c", TWICE], capture_output=True, text=True, env=environment(), timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (130, "put away\n", "stopped\n")


def test_a_signal_that_comes_later_interrupts_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hpsearch.cli.stopping.TOGETHER_SECONDS", 0.0)
    interrupt = Interrupt()
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            interrupt(signal.SIGINT, None)


def test_a_search_goes_on_where_nobody_reads_what_it_says(tmp_path: Path) -> None:
    process = start("run", write_study(tmp_path), "--home", tmp_path / "home")
    assert process.stderr is not None
    assert process.stderr.readline().startswith("small: 4 trials")
    process.stderr.close()
    assert process.wait(PATIENCE) == 0
    assert process.stdout is not None
    process.stdout.close()
    assert finished(tmp_path / "home") == 4


class Interrupted:
    """Gets a signal while it is freed, where Python drops every exception."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGINT)


def test_a_second_signal_that_python_drops_comes_again() -> None:
    with Stopping(lambda: None) as stopping:
        signal.raise_signal(signal.SIGINT)
        freed = Interrupted()
        del freed
        with pytest.raises(KeyboardInterrupt):
            time.sleep(10)
    assert stopping.asked


def test_a_run_whose_database_is_kept_from_it_ends_in_one_line_and_goes_on_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path}/s.db?timeout=1"
    monkeypatch.setenv("OPTUNA_STORAGE", url.partition("?")[0])  # who only reads may wait
    with under_way(tmp_path, "-q", "--storage", url) as (process, home):
        before = trials(home)
        with closing(sqlite3.connect(tmp_path / "s.db", timeout=60)) as other:
            other.execute("BEGIN EXCLUSIVE")
            result = ended(process)
    assert (result.code, result.out) == (1, "")
    assert result.err == "error: the database failed: (sqlite3.OperationalError) database is locked\n"
    assert is_as_before(before, home)
    done = finished(home)
    with light():
        assert hpsearch("resume", "small", "-n", done + 5, "--home", home).code == 0
    assert [trial["number"] for trial in trials(home)] == list(range(done + 5))
    assert {trial["state"] for trial in trials(home)} == {"COMPLETE"}
