"""`stop`, `pause` and `resume` from another terminal, and what `status` says meanwhile."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from hpsearch.search.holder import this_process
from tests.cli.command import ended, finished, hpsearch, light, outcome, trials, wait_for, write_study
from tests.cli.test_stopping import is_as_before, under_way


def status(home: Path) -> dict[str, Any]:
    found: dict[str, Any] = hpsearch("status", "small", "--home", home, "--format", "json").json
    return found


def test_stop_ends_a_run_as_ctrl_c_does_and_returns_when_it_has_ended(tmp_path: Path) -> None:
    with under_way(tmp_path, "-q") as (process, home):
        before, running = trials(home), status(home)
        assert (running["state"], running["pid"]) == ("under way", process.pid)
        assert running["host"]
        assert running["since"].startswith("20")
        result = hpsearch("stop", "small", "--home", home)
        assert (result.code, result.out) == (0, "")
        assert result.lines[-1] == f"small is stopped: hpsearch resume small --home {home} goes on"
        now = status(home)
        assert (now["state"], now["pid"], now["running"], now["waiting"]) == ("stopped", None, 0, 4)
        assert ended(process).code == 130
    assert is_as_before(before, home)
    again = hpsearch("stop", "small", "--home", home)
    assert (again.code, again.err) == (1, "error: study 'small' is not being run\n")


def test_stop_now_waits_for_no_epoch_and_loses_nothing_finished(tmp_path: Path) -> None:
    with under_way(tmp_path) as (process, home):
        before = trials(home)
        assert hpsearch("stop", "small", "--now", "--home", home).code == 0
        result = ended(process)
    assert result.code == 130
    assert "Traceback" not in result.err
    assert "stopped at once" in result.err
    assert is_as_before(before, home)


@pytest.mark.parametrize("where", ["journal", pytest.param("database", marks=pytest.mark.slow)])
def test_a_paused_run_lets_go_waits_and_goes_on(tmp_path: Path, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    address: list[str] = []
    if where == "database":
        address = ["--storage", f"sqlite:///{tmp_path}/s.db"]
        monkeypatch.setenv("OPTUNA_STORAGE", address[1])  # for the commands of this process
    with under_way(tmp_path, *address) as (process, home):
        result = hpsearch("pause", "small", "--home", home)
        assert (result.code, result.out) == (0, "")
        assert result.lines[-1].startswith("small is paused: hpsearch resume small")
        now, done = status(home), finished(home)
        assert (now["state"], now["pid"], now["running"], now["waiting"]) == ("paused", process.pid, 0, 4)
        assert process.poll() is None
        assert finished(home) == done
        assert hpsearch("resume", "small", "-n", "9", "--home", home).code == 1, "it is another's"
        result = hpsearch("resume", "small", "--home", home)
        assert (result.code, result.out) == (0, "")
        assert result.lines == [f"small was paused, and goes on as {line(home)}"]
        wait_for(lambda: status(home)["finished"] > now["finished"] + 2, "further trials")
        assert status(home)["state"] == "under way"
        assert hpsearch("pause", "small", "--home", home).code == 0
        assert hpsearch("stop", "small", "--home", home).code == 0
        said = ended(process)
    assert said.code == 130
    assert said.lines.count(f"small: paused; {said.lines[-2].split('; nothing is lost: ')[1]}") == 2
    assert "small: goes on" in said.lines


def line(home: Path) -> str:
    """How the holder of the study is told."""
    process = json.loads((home / "locks" / "small.json").read_text())
    return str(replace(this_process(), pid=process["pid"], since=process["since"]))


@pytest.mark.slow
def test_a_paused_study_ends_as_one_that_was_left_alone(tmp_path: Path) -> None:
    with under_way(tmp_path) as (process, home):
        hpsearch("pause", "small", "--home", home)
        hpsearch("resume", "small", "--home", home)
        wait_for(lambda: finished(home) > 12, "more trials")
        hpsearch("stop", "small", "--home", home)
        assert ended(process).code == 130
    found = [trial for trial in trials(home) if trial["state"] == "COMPLETE"]
    study = write_study(tmp_path, trials=100_000, sampler="random")
    with light():
        assert hpsearch("run", study, "-n", len(trials(home)), "--home", tmp_path / "whole").code == 0
    whole = {trial["number"]: trial for trial in outcome(trials(tmp_path / "whole"))}
    assert len(found) > 12
    assert all(trial == whole[trial["number"]] for trial in outcome(found))


@pytest.mark.slow
def test_a_paused_run_that_dies_is_stopped_and_said_to_have_died(tmp_path: Path) -> None:
    with under_way(tmp_path) as (process, home):
        hpsearch("pause", "small", "--home", home)
        process.kill()
        process.wait()
        now = status(home)
        assert (now["state"], now["pid"]) == ("stopped", None)
    with light():
        result = hpsearch("resume", "small", "-n", finished(home) + 1, "--home", home)
    assert result.code == 0
    died = [text for text in result.lines if "is taken over from" in text]
    assert len(died) == 1
    assert died[0].startswith(f"study 'small' is taken over from process {process.pid} on ")
    assert status(home)["state"] in ("done", "stopped")


@pytest.mark.usefixtures("light_runs")
def test_a_run_of_another_machine_is_named_and_left_alone(tmp_path: Path) -> None:
    study, home = write_study(tmp_path), tmp_path / "home"
    assert hpsearch("run", study, "--home", home).code == 0
    assert status(home)["state"] == "done"
    far = replace(this_process(), host="elsewhere")
    (home / "locks" / "small.json").write_text(json.dumps(asdict(far)))
    assert status(home)["host"] == "elsewhere"
    for command in ("stop", "pause"):
        result = hpsearch(command, "small", "--home", home)
        assert result.code == 1
        assert "on elsewhere, since" in result.err
        assert result.err.endswith("this command works on that machine only\n")


@pytest.mark.parametrize("command", ["stop", "pause"])
def test_a_wrong_name_is_said_to_be_one(tmp_path: Path, command: str) -> None:
    result = hpsearch(command, "smal", "--home", tmp_path)
    assert (result.code, len(result.lines)) == (2, 1)
    assert "there is no study 'smal'" in result.err
    assert list(tmp_path.iterdir()) == []
