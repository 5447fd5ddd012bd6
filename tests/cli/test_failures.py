"""One study with every class of failure: it goes on to its end, and says what failed and what can be done."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hpsearch import registry
from hpsearch.events import Failure
from hpsearch.reports.failures import ADVICE
from tests.cli.command import environment, hpsearch, run_process, trials
from tests.cli.test_killed import mlflow_runs

STUDY = """
name: ill
data: digits
hyperparameters: {depth: 1, width: 8, batch_size: 256, epochs: 5, l1: [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]}
search: {sampler: grid, slots: 6, trial_timeout: 5}
execution: {executor: processes, workers: 2}
"""
# What a user's network may do, by its l1, in the third epoch. Hosts run it when they start.
ILL = """
import sys
if "hpsearch.execution.host" in sys.orig_argv:
    import os, resource, signal, time
    import hpsearch.execution.trainer as trainer
    real = trainer.train_epoch
    def ill(stack, *rest):
        for state in stack.states:
            if state.epoch != 2:
                continue
            if state.config.l1 == 0.1:
                state.parameters.fill_(float("nan"))
            if state.config.l1 == 0.2:
                raise ValueError("a user's network went wrong")
            if state.config.l1 == 0.3:
                time.sleep(3600)
            if state.config.l1 == 0.4:
                os.kill(os.getpid(), signal.SIGSEGV)
            if state.config.l1 == 0.5:
                limits = resource.getrlimit(resource.RLIMIT_AS)
                resource.setrlimit(resource.RLIMIT_AS, (2**30, limits[1]))
                try:
                    import torch
                    torch.empty(2**28).fill_(1.0)
                finally:
                    resource.setrlimit(resource.RLIMIT_AS, limits)
        return real(stack, *rest)
    trainer.train_epoch = ill
"""
CLASSES = {0.0: None, 0.1: "diverged", 0.2: "error", 0.3: "timeout", 0.4: "crashed", 0.5: "out_of_memory"}


# A trial has failed before the pruner has heard of its first epoch, and is told to go on.
LATE = """
name: late
data: digits
hyperparameters: {width: 16, batch_size: 256, learning_rate: [0.001, 0.01], epochs: 9}
search: {sampler: grid, slots: 2, trial_timeout: 1e-6, pruner: PRUNER}
"""


@pytest.mark.usefixtures("light_runs")
@pytest.mark.parametrize("pruner", registry.names("pruner"))
def test_trials_that_take_too_long_fail_whatever_the_pruner(tmp_path: Path, pruner: str) -> None:
    (tmp_path / "late.yaml").write_text(LATE.replace("PRUNER", pruner))
    result = hpsearch("run", tmp_path / "late.yaml", "--home", tmp_path / "home", "--workers", "1")
    assert result.code == 1
    assert "late: 2 of 2 trials" in result.err
    assert "timeout" in {trial["failure"] for trial in trials(tmp_path / "home", "late")}


@pytest.mark.slow
def test_a_study_with_every_class_of_failure_ends_with_each_of_them_told(tmp_path: Path) -> None:
    (tmp_path / "ill").mkdir()
    (tmp_path / "ill" / "sitecustomize.py").write_text(ILL)
    path = f"{tmp_path / 'ill'}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    study, home = tmp_path / "ill.yaml", tmp_path / "home"
    study.write_text(STUDY)
    result = run_process("run", study, "--home", home, timeout=300, env=environment(PYTHONPATH=path))
    assert result.code == 0, result.err
    found = trials(home, "ill")
    assert {trial["params"]["l1"]: trial["failure"] for trial in found} == CLASSES
    assert {trial["state"] for trial in found if trial["failure"] == "diverged"} == {"COMPLETE"}
    assert [trial["epochs"] for trial in found if trial["failure"] is None] == [5]

    told = [line for line in result.lines if line.startswith("failed: 1 ")]
    assert len(told) == 5
    for failure in Failure:
        (line,) = [line for line in told if line.startswith(f"failed: 1 {failure.value.replace('_', ' ')} (trial ")]
        assert line.endswith(ADVICE[failure])
    assert "a user's network went wrong" in result.err
    assert result.lines[-1].endswith("as in the study")

    parents, children = mlflow_runs(home)
    assert [parent.info.status for parent in parents] == ["FINISHED"]
    in_mlflow = {float(run.data.params["l1"]): run.data.tags.get("hpsearch.failure") for run in children}
    assert in_mlflow == CLASSES
    page = (home / "reports" / "ill.html").read_text()
    assert all(f"<b>1 {failure.value.replace('_', ' ')}</b>" in page for failure in Failure)
