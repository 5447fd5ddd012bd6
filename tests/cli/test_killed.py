"""`kill -9` at random moments, ten times over: to the total, nothing finished lost, MLflow's record the same."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
import warnings
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.cli.command import (
    Result,
    ended,
    environment,
    finished,
    outcome,
    run_process,
    start,
    trials,
    wait_for,
    write_study,
)
from tests.cli.test_workers import workers

TOTAL = 240
KILLS = 10


def killed(study: Path, home: Path, chance: random.Random, *, early: bool) -> list[dict[str, Any]]:
    """Run, and kill while it starts or while it trains; what was shown as finished right before."""
    before = finished(home)
    process = start("run", study, "--home", home)
    if early:
        time.sleep(chance.uniform(0.2, 2.5))
    else:
        wait_for(lambda: process.poll() is not None or finished(home) > before, "another trial")
        time.sleep(chance.uniform(0.0, 0.3))
    shown = trials(home) if finished(home) else []
    mirrors = psutil.Process(process.pid).children(recursive=True) if chance.random() < 0.5 else []
    assert process.poll() is None, f"it ended before it could be killed: {ended(process)}"
    process.kill()
    for mirror in mirrors:
        with suppress(psutil.NoSuchProcess):  # they end by themselves, too
            mirror.kill()
    process.communicate()
    return [trial for trial in shown if trial["state"] not in ("RUNNING", "WAITING")]


def mlflow_runs(home: Path) -> tuple[list[Any], list[Any]]:
    """The runs of studies and the runs of trials, as MLflow's own client reads them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mlflow import MlflowClient

        client = MlflowClient(tracking_uri=f"sqlite:///{home}/mlflow.db")
        experiments = [experiment.experiment_id for experiment in client.search_experiments()]
        runs = list(client.search_runs(experiments, max_results=5000))
    parents = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    return parents, [run for run in runs if "mlflow.parentRunId" in run.data.tags]


def check_mlflow(home: Path, result: Result, found: list[dict[str, Any]]) -> None:
    assert result.lines[-1].endswith("as in the study")
    assert "NOT" not in result.lines[-1]
    parents, children = mlflow_runs(home)
    assert [parent.info.status for parent in parents] == ["FINISHED"]
    by_number = {int(child.data.tags["hpsearch.trial"]): child for child in children}
    assert len(children) == len(by_number) == TOTAL
    assert {child.data.tags["mlflow.parentRunId"] for child in children} == {parents[0].info.run_id}
    words = {"COMPLETE": "FINISHED", "PRUNED": "KILLED"}
    for trial in found:
        child = by_number[trial["number"]]
        assert child.info.status == words[trial["state"]]
        assert int(child.data.metrics["epochs"]) == trial["epochs"]
        if trial["value"] is not None:
            assert child.data.metrics["dev_accuracy"] == trial["value"]
        assert {name: str(value) for name, value in trial["params"].items()}.items() <= child.data.params.items()


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "executor"), [(0, "inline"), (1, "processes")])
def test_a_study_killed_ten_times_is_the_study_that_was_never_killed(tmp_path: Path, seed: int, executor: str) -> None:
    study = write_study(tmp_path, trials=TOTAL, pruner="asha", epochs=12)
    whole = run_process("run", study, "--home", tmp_path / "whole", timeout=300)
    assert whole.code == 0
    expected = trials(tmp_path / "whole")
    check_mlflow(tmp_path / "whole", whole, expected)

    write_study(tmp_path, trials=TOTAL, pruner="asha", epochs=12, executor=executor)
    home, chance = tmp_path / "killed", random.Random(seed)
    shown: dict[int, dict[str, Any]] = {}
    progress = []
    for kill in range(KILLS):
        for trial in killed(study, home, chance, early=kill % 4 == 3):
            assert shown.setdefault(trial["number"], trial) == trial
        progress.append(finished(home))
    assert progress == sorted(progress)
    assert 0 < progress[-1] < TOTAL, "the kills came too late or too early to show anything"

    result = run_process("resume", "small", "--home", home, timeout=300)
    assert result.code == 0
    found = trials(home)
    assert [trial["number"] for trial in found] == list(range(TOTAL))
    assert all(found[number] == trial for number, trial in shown.items())
    assert set(Counter(trial["state"] for trial in found)) <= {"COMPLETE", "PRUNED"}
    assert outcome(found) == outcome(expected)
    check_mlflow(home, result, found)
    assert (home / "checkpoints" / "small").exists()
    again = run_process("run", study, "--home", home)
    assert f"small: nothing left to train, all {TOTAL} trials are done" in again.lines
    assert trials(home) == found


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_a_coordinator_killed_two_hundred_times_loses_nothing_and_doubles_nothing(tmp_path: Path, seed: int) -> None:
    command = [sys.executable, "-m", "tests.kill_often", str(tmp_path / "home"), str(seed), "200"]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["wrong"] == []
    assert found["killed"] == 200, "the study ended before it could be killed so often"
    assert found["trials"] == 1000
    assert found["before the last life"] > 100, "the kills came too early to show anything"


@pytest.mark.slow
def test_coordinator_workers_or_both_killed_twenty_times_cost_nothing_but_time(tmp_path: Path) -> None:
    given: dict[str, Any] = {"trials": TOTAL, "pruner": "asha", "epochs": 12}
    study = write_study(tmp_path, **given)
    assert run_process("run", study, "--home", tmp_path / "whole", timeout=300).code == 0
    expected = outcome(trials(tmp_path / "whole"))
    write_study(tmp_path, **given, executor="processes")
    home, chance, victims = tmp_path / "killed", random.Random(3), Counter[str]()
    process = start("run", study, "--home", home, "--workers", "2")
    for _ in range(20):
        before = finished(home)
        wait_for(lambda: process.poll() is not None or finished(home) > before, "another trial")  # noqa: B023
        time.sleep(chance.uniform(0.0, 0.3))
        assert process.poll() is None, f"it ended before it could be killed: {ended(process)}"
        who = chance.choice(["coordinator", "worker", "both"])
        victims[who] += 1
        if who != "coordinator" and (alive := workers(psutil.Process(process.pid))):
            chance.choice(alive).kill()
        if who != "worker":
            process.kill()
            process.communicate()
            process = start("run", study, "--home", home, "--workers", "2")
    result = ended(process, timeout=300)
    assert result.code == 0, result.err
    assert min(victims.values()) >= 3
    found = trials(home)
    assert outcome(found) == expected
    check_mlflow(home, result, found)
