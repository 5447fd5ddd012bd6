"""Every ready study file runs, small: its own data source, model and search, on tiny files of the same form."""

from __future__ import annotations

from pathlib import Path

import pytest
from optuna.storages import InMemoryStorage

from hpsearch import registry
from hpsearch.cli.session import job_of
from hpsearch.cli.workspace import Workspace
from hpsearch.execution.inline import InlineExecutor
from hpsearch.execution.suitability import check
from hpsearch.run import Coordinator
from hpsearch.search.study import SearchStudy
from hpsearch.space.load import dump_study, load_study, packaged_study_files
from hpsearch.training.data.prepare import prepare
from tests.fakes import FakeRecord
from tests.training.data.examples import write_cifar, write_mnist

SMALL = ["hyperparameters.epochs=1", "hyperparameters.batch_size=16", "search.trials=2"]


@pytest.mark.parametrize("name", packaged_study_files())
def test_a_ready_study_runs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("mnist", "fashion-mnist"):
        write_mnist(tmp_path / folder)
    write_cifar(tmp_path / "cifar10", samples=30)
    monkeypatch.setenv("HPSEARCH_DATA", str(tmp_path))
    file = load_study(name, SMALL)
    job = job_of(file, Workspace(tmp_path / "home"))
    check(file, prepare(job.data))
    executor = InlineExecutor(job)
    study = SearchStudy(InMemoryStorage(), file, dump_study(file), costs=executor.costs)
    coordinator = Coordinator(study, executor, FakeRecord())
    while coordinator.step():
        pass
    executor.close()
    trials = coordinator.study.record().trials
    assert [(trial.state, trial.failure) for trial in trials] == [("COMPLETE", None)] * 2
    assert all(trial.history.metrics[file.objective.metric] for trial in trials)


def test_there_is_a_ready_study_for_every_model() -> None:
    assert {load_study(name).model for name in packaged_study_files()} == set(registry.names("model"))
