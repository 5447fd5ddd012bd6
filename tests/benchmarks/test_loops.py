"""The loops that hpsearch is measured against search, and track what they do, as people have them."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from benchmarks.tracked import reported

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow
METRICS = {"train_loss", "train_accuracy", "dev_loss", "dev_accuracy", "learning_rate"}


def _run(module: str, home: Path, *flags: str) -> dict[str, Any]:
    """What a loop says of two trials of one epoch."""
    arguments = ["digits_mlp", "--home", str(home), "--set", "search.trials=2", *flags]
    arguments += ["--set", "hyperparameters.epochs=1"]
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1", "MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert (said["trials"], said["epochs"]) == (2, 2)
    assert 0.2 < said["best"] <= 1
    assert said["seconds"] > 0
    assert max(value for _, value in reported(home, "dev_accuracy")) == said["best"]
    return said


def _stored(home: Path, query: str) -> set[Any]:
    with closing(sqlite3.connect(home / "mlflow.db")) as database:
        return {row[0] for row in database.execute(query)}


@pytest.mark.parametrize("flags", [[], ["--tuned"]], ids=["as it comes", "tuned"])
def test_the_common_loop_searches_and_tracks(tmp_path: Path, flags: list[str]) -> None:
    _run("benchmarks.common_loop", tmp_path / "home", "--set", "search.pruner=none", *flags)
    assert _stored(tmp_path / "home", "select count(*) from runs where status = 'FINISHED'") == {3}
    assert _stored(tmp_path / "home", "select distinct key from metrics") == METRICS


@pytest.mark.parametrize("pruner", ["none", "asha"])
def test_ray_tune_searches_and_tracks(tmp_path: Path, pruner: str) -> None:
    pytest.importorskip("ray", reason="Ray is installed for benchmarks only: make bench")
    _run("benchmarks.ray_loop", tmp_path / "home", "--set", f"search.pruner={pruner}")
    assert _stored(tmp_path / "home", "select count(*) from runs where status = 'FINISHED'") == {2}
    assert _stored(tmp_path / "home", "select distinct key from metrics") >= METRICS
    names = _stored(tmp_path / "home", "select distinct key from params")
    assert {"learning_rate", "optimizer", "depth", "epochs"} <= names
