"""Several workers, as a user runs them: the same study, whoever trains it and whatever becomes of a worker."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch

from hpsearch.training import weights
from tests.cli.command import ended, finished, hpsearch, outcome, run_process, start, trials, wait_for, write_study

WAYS = {
    "one process, stacks": ["execution.executor=inline"],
    "one process, one at a time": ["execution.executor=inline", "execution.stack=1"],
    "two workers, stacks": ["execution.workers=2"],
    "two workers, one at a time": ["execution.workers=2", "execution.stack=1"],
    "three workers, stacks of three": ["execution.workers=3", "execution.stack=3"],
}


def settings(overrides: list[str]) -> list[str]:
    return [word for text in overrides for word in ("--set", text)]


def networks(home: Path) -> dict[str, dict[str, torch.Tensor]]:
    return {file.name: weights.load(file) for file in sorted((home / "checkpoints" / "small").glob("*.pt"))}


def workers(run: psutil.Process) -> list[psutil.Process]:
    """The processes that a host has forked, without those that are dead and not yet collected."""
    hosts = [host for host in run.children() if "hpsearch.execution.host" in host.cmdline()]
    forked = [worker for host in hosts for worker in host.children()]
    return [worker for worker in forked if lives(worker)]


def lives(process: psutil.Process) -> bool:
    """Whether it is there, and not dead and not yet collected."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.slow
@pytest.mark.parametrize("more", [[], ["search.ticks=cost", "hyperparameters.batch_size=[32, 512]"]])
def test_one_worker_and_two_stacks_and_none_give_the_same_64_trials(tmp_path: Path, more: list[str]) -> None:
    study = write_study(tmp_path, trials=64, pruner="asha", epochs=12, executor="auto")
    expected: tuple[list[dict[str, Any]], dict[str, dict[str, torch.Tensor]]] | None = None
    for place, (name, overrides) in enumerate(WAYS.items()):
        home = tmp_path / str(place)
        result = run_process("run", study, "--home", home, *settings(overrides + more), timeout=300)
        assert result.code == 0, name
        assert result.lines[-1].endswith("as in the study"), name
        found = outcome(trials(home)), networks(home)
        expected = expected or found
        assert len(found[0]) == 64
        assert found[0] == expected[0], name
        assert found[1].keys() == expected[1].keys(), name
        for file, state in found[1].items():
            assert all(torch.equal(tensor, expected[1][file][key]) for key, tensor in state.items()), (name, file)


@pytest.mark.slow
def test_a_killed_worker_costs_a_study_nothing_but_time(tmp_path: Path) -> None:
    study, home = write_study(tmp_path, trials=64, pruner="asha", epochs=12, executor="processes"), tmp_path / "home"
    process = start("run", study, "--home", home, *settings(["execution.workers=2"]))
    killed: set[int] = set()
    for done in (4, 12, 24):
        wait_for(lambda: process.poll() is not None or finished(home) >= done, f"{done} trials")  # noqa: B023
        run = psutil.Process(process.pid)
        wait_for(lambda: len([w for w in workers(run) if w.pid not in killed]) == 2, "two workers")  # noqa: B023
        victim = next(worker for worker in workers(run) if worker.pid not in killed)
        killed.add(victim.pid)
        victim.kill()
    result = ended(process, timeout=300)
    assert result.code == 0, result.err
    assert len(killed) == 3
    assert result.lines[-1].endswith("as in the study")
    whole = run_process("run", study, "--home", tmp_path / "whole", "--set", "execution.executor=inline", timeout=300)
    assert whole.code == 0
    assert outcome(trials(home)) == outcome(trials(tmp_path / "whole"))


@pytest.mark.slow
def test_a_timeout_ends_the_search_in_the_middle_of_long_epochs(tmp_path: Path) -> None:
    """Each epoch takes seconds here; the time is up in the middle of one."""
    study, home = write_study(tmp_path, trials=6, epochs=16, executor="processes"), tmp_path / "home"
    slow = settings(["execution.workers=2", "hyperparameters.batch_size=1", "hyperparameters.width=[512, 640]"])
    first = run_process("run", study, "--home", home, "--timeout", "5", *slow, timeout=300)
    assert first.code == 0
    status = hpsearch("status", "small", "--home", home, "--format", "json").json
    assert status["finished"] < 6
    assert any(line.startswith("the time is up") for line in first.lines)
    again = run_process("resume", "small", "--home", home, "--set", "search.timeout=", timeout=600)
    assert again.code == 0
    whole = run_process("run", study, "--home", tmp_path / "whole", *slow, timeout=600)
    assert whole.code == 0
    assert outcome(trials(home)) == outcome(trials(tmp_path / "whole"))


@pytest.mark.slow
@pytest.mark.parametrize("signals", [[signal.SIGINT], [signal.SIGTERM], [signal.SIGINT] * 2], ids=repr)
def test_a_signal_stops_the_workers_too_and_loses_nothing(tmp_path: Path, signals: list[signal.Signals]) -> None:
    study, home = write_study(tmp_path, trials=400, pruner="asha", epochs=12, executor="processes"), tmp_path / "home"
    process = start("run", study, "--home", home, *settings(["execution.workers=2"]))
    wait_for(lambda: process.poll() is not None or finished(home) >= 3, "three trials")
    below = psutil.Process(process.pid).children(recursive=True)
    mine = [p for p in below if "hpsearch.execution.host" in p.cmdline()]
    assert len(mine) == 3  # a host and, forked from it, two workers
    for number in signals:
        os.kill(process.pid, number)
        time.sleep(0.05)
    result = ended(process, timeout=120)
    assert result.code == 130
    assert any("goes on" in line for line in result.lines)
    wait_for(lambda: not any(map(lives, mine)), "the workers' end")
    done = finished(home)
    assert 3 <= done < 400
    again = run_process("resume", "small", "-n", done + 8, "--home", home, timeout=300)
    assert again.code == 0
    assert finished(home) == done + 8
