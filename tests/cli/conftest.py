"""A finished workspace is made once for all commands that read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import hpsearch, light, run_process, write_study


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("HPSEARCH_", "OPTUNA_", "MLFLOW_TRACKING"))]:
        monkeypatch.delenv(name)


@pytest.fixture
def light_runs() -> Iterator[None]:
    with light():
        yield


@pytest.fixture(scope="session")
def read_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a finished study `small` of four trials and an older one, `older`. Nobody writes there."""
    folder = tmp_path_factory.mktemp("read")
    home = folder / "home"
    with light():
        for study in (write_study(folder, "older", trials=2), write_study(folder, epochs=3, pruner="asha")):
            assert hpsearch("run", study, "--home", home).code == 0
    return home


@pytest.fixture(scope="session")
def mirrored_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a finished study `small` and MLflow's record of it. Nobody writes there."""
    folder = tmp_path_factory.mktemp("mirrored")
    assert run_process("run", write_study(folder), "--home", folder / "home").code == 0
    return folder / "home"
