"""A run that was stopped goes on in the middle of its trials, and ends as if it had never been stopped."""

from __future__ import annotations

import signal
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import torch

from hpsearch.training import weights
from hpsearch.training.fit import train_epoch
from hpsearch.training.stack import Stack
from tests.cli.command import ended, hpsearch, light, outcome, run_process, start, trials, wait_for, write_study


@contextmanager
def counted() -> Iterator[Counter[tuple[int, int]]]:
    """How often each (trial, epoch) is trained in this process."""
    trained: Counter[tuple[int, int]] = Counter()

    def noted(stack: Stack, *unused: Any) -> list[dict[str, float]]:
        metrics = train_epoch(stack)
        trained.update((state.number, state.epoch) for state in stack.states)
        return metrics

    with mock.patch("hpsearch.execution.trainer.train_epoch", noted):
        yield trained


def networks(home: Path) -> dict[str, dict[str, Any]]:
    return {file.name: weights.load(file) for file in sorted((home / "checkpoints" / "small").glob("*.pt"))}


def same_networks(one: Path, other: Path) -> bool:
    first, second = networks(one), networks(other)
    same = first.keys() == second.keys()
    return same and all(torch.equal(first[file][name], second[file][name]) for file in first for name in first[file])


def leftovers(home: Path) -> list[str]:
    return [f.name for f in (home / "checkpoints" / "small").iterdir() if f.suffix in (".checkpoint", ".part")]


@pytest.mark.usefixtures("light_runs")
def test_a_study_stopped_again_and_again_trains_every_epoch_once(tmp_path: Path) -> None:
    study = write_study(tmp_path, trials=9, pruner="asha", epochs=12)
    whole, home = tmp_path / "whole", tmp_path / "stopped"
    with counted() as expected:
        assert hpsearch("run", study, "--home", whole).code == 0
    assert set(expected.values()) == {1}
    with counted() as trained:
        runs = [hpsearch("run", study, "--home", home, "--timeout", "0.02")]
        while any(line.startswith("the time is up") for line in runs[-1].lines):
            more = 0.02 * 1.05 ** len(runs)  # or a slow machine would never get to an epoch
            runs.append(hpsearch("resume", "small", "--home", home, "--timeout", more))
            assert len(runs) < 200
    assert len(runs) > 3
    assert {result.code for result in runs} == {0}
    # What runs ahead of the clock may differ: an epoch that a pruned trial trained in vain, or did not.
    assert set(trained.values()) == {1}
    assert expected.keys() <= trained.keys()
    assert outcome(trials(home)) == outcome(trials(whole))
    assert same_networks(home, whole)
    assert leftovers(home) == []


@pytest.mark.usefixtures("light_runs")
def test_a_trial_that_takes_longer_than_the_timeout_comes_to_its_end(tmp_path: Path) -> None:
    study, home = write_study(tmp_path, trials=1, epochs=40), tmp_path / "home"

    def slow(stack: Stack, *unused: Any) -> list[dict[str, float]]:
        time.sleep(0.02)
        return train_epoch(stack)

    with mock.patch("hpsearch.execution.trainer.train_epoch", slow):
        result = hpsearch("run", study, "--home", home, "--timeout", "0.15")
        runs = 1
        while trials(home)[0]["state"] != "COMPLETE":
            result = hpsearch("resume", "small", "--home", home)
            runs += 1
            assert runs < 100
    assert result.code == 0
    assert runs > 3
    assert trials(home)[0]["epochs"] == 40


@pytest.mark.usefixtures("light_runs")
def test_a_trial_killed_after_a_checkpoint_goes_on_from_it(tmp_path: Path) -> None:
    study, home = write_study(tmp_path, trials=1, epochs=400), tmp_path / "home"
    assert hpsearch("run", study, "--home", tmp_path / "whole").code == 0
    process = start("run", study, "--home", home, "--set", "execution.checkpoints.every=0.01")
    file = home / "checkpoints" / "small" / "trial-00000.checkpoint"
    wait_for(lambda: process.poll() is not None or file.exists(), "a checkpoint")
    process.kill()
    process.communicate()
    assert file.exists()
    with counted() as trained:
        assert hpsearch("resume", "small", "--home", home).code == 0
    assert 0 < len(trained) < 400
    assert max(trained) == (0, 400)
    assert len(trained) == 400 - min(trained)[1] + 1
    assert outcome(trials(home)) == outcome(trials(tmp_path / "whole"))
    assert same_networks(home, tmp_path / "whole")
    assert leftovers(home) == []


def test_ctrl_c_in_the_middle_of_a_trial_costs_nothing_and_mlflow_gets_each_epoch_once(tmp_path: Path) -> None:
    study, home = write_study(tmp_path, trials=2, epochs=400), tmp_path / "home"
    with light():
        assert hpsearch("run", study, "--home", tmp_path / "whole").code == 0
    process = start("run", study, "--home", home)
    wait_for(lambda: process.poll() is not None or _epochs_told(home) > 10, "some epochs")
    process.send_signal(signal.SIGINT)
    stopped = ended(process)
    assert stopped.code == 130
    saved = home / "checkpoints" / "small" / "trial-00000.checkpoint"
    assert saved.exists()
    result = run_process("resume", "small", "--home", home)
    assert result.code == 0
    assert result.lines[-1].endswith("as in the study")
    assert "NOT" not in result.lines[-1]
    assert outcome(trials(home)) == outcome(trials(tmp_path / "whole"))
    assert same_networks(home, tmp_path / "whole")
    assert {tuple(steps) for steps in _mlflow_steps(home)} == {tuple(range(1, 401))}


def _epochs_told(home: Path) -> int:
    return sum(file.read_text().count('"kind":"epoch"') for file in (home / "outbox").glob("*.jsonl"))


def _mlflow_steps(home: Path) -> list[list[int]]:
    """For each trial's run, the steps of its dev_accuracy as MLflow has them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mlflow import MlflowClient

        client = MlflowClient(tracking_uri=f"sqlite:///{home}/mlflow.db")
        runs = client.search_runs([e.experiment_id for e in client.search_experiments()])
        children = [run for run in runs if "mlflow.parentRunId" in run.data.tags]
        histories = [client.get_metric_history(run.info.run_id, "dev_loss") for run in children]
    return [sorted(point.step for point in history) for history in histories]


@pytest.mark.usefixtures("light_runs")
def test_networks_are_kept_within_the_disk_budget_and_the_best_always(tmp_path: Path) -> None:
    study, home = write_study(tmp_path, trials=6, epochs=2), tmp_path / "home"
    folder = home / "checkpoints" / "small"
    assert hpsearch("run", study, "--home", home).code == 0
    kept = {file.name[:11] for file in folder.glob("trial-*.pt")}
    assert kept == {f"trial-0000{number}" for number in range(6)}
    result = hpsearch("resume", "small", "-n", "7", "--home", home, "--set", "execution.checkpoints.disk=1kB")
    assert result.code == 0
    best = hpsearch("best", "small", "--home", home, "--format", "json").json
    assert {file.name[:11] for file in folder.glob("trial-*.pt")} == {f"trial-{best['number']:05d}"}
    assert Path(best["weights"]).exists()


@pytest.mark.usefixtures("light_runs")
def test_a_budget_without_room_is_said_once_and_not_to_who_wants_quiet(tmp_path: Path) -> None:
    study = write_study(tmp_path, trials=6, epochs=3)
    small = ("--set", "execution.checkpoints={every: 0.001, disk: 100}")
    said = hpsearch("run", study, "--home", tmp_path / "home", *small)
    assert said.code == 0
    assert len([line for line in said.lines if line.startswith("warning: execution.checkpoints.disk: 100 bytes")]) == 1
    quiet = hpsearch("run", study, "--home", tmp_path / "quiet", "-q", *small)
    assert (quiet.code, quiet.out, quiet.err) == (0, "", "")


@pytest.mark.usefixtures("light_runs")
def test_the_best_epochs_network_goes_to_mlflow_beside_the_last_ones(tmp_path: Path) -> None:
    study, home = write_study(tmp_path, trials=6, epochs=6), tmp_path / "home"
    with mock.patch("hpsearch.tracking.tracker.Tracker.artifact") as artifact:
        assert hpsearch("run", study, "--home", home).code == 0
    best = hpsearch("best", "small", "--home", home, "--format", "json").json["number"]
    sent = {call.args[0].name for call in artifact.call_args_list if call.args[1] == "best"}
    files = {file.name for file in (home / "checkpoints" / "small").glob(f"trial-{best:05d}*.pt")}
    assert sent == {"best.json", *files}
