"""Where each trial's run stands in MLflow's pages, read from the workspace's own record without MLflow itself."""

from __future__ import annotations

import math
import sqlite3
from pathlib import Path

_QUERY = """
SELECT trial.value, study.value, runs.experiment_id, runs.run_uuid FROM runs
JOIN experiments ON experiments.experiment_id = runs.experiment_id
JOIN tags AS trial ON trial.run_uuid = runs.run_uuid AND trial.key = 'hpsearch.trial'
JOIN tags AS study ON study.run_uuid = runs.run_uuid AND study.key = 'hpsearch.study_id'
WHERE experiments.name = ? AND runs.lifecycle_stage = 'active'
"""


def run_links(home: Path, study: str, created: float) -> dict[int, str]:
    """Each trial's page below MLflow's address: "experiments/…/runs/…", by number.

    `created` tells the study from another of its name, in Unix seconds. Nothing where there is no record of it, or
    none that can be read.
    """
    path = home.resolve() / "mlflow.db"
    if not path.exists():
        return {}
    # A record that nobody writes has no log beside it, and opening it as immutable leaves no file behind.
    alone = not path.with_name(f"{path.name}-wal").exists()
    address = f"{path.as_uri()}?mode=ro{'&immutable=1' if alone else ''}"
    try:
        connection = sqlite3.connect(address, uri=True)
        try:
            rows = connection.execute(_QUERY, (study,)).fetchall()
        finally:
            connection.close()
    except sqlite3.Error:
        return {}
    return {
        int(trial): f"experiments/{experiment}/runs/{run}"
        for trial, made, experiment, run in rows
        if trial.isdecimal() and _same(made, created)
    }


def _same(made: str, created: float) -> bool:
    try:
        return math.isclose(float(made), created, rel_tol=0, abs_tol=1e-3)
    except ValueError:
        return False
