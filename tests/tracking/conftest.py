"""An MLflow database is made once (it takes a second) and copied for each test."""

from __future__ import annotations

import os
import shutil
import warnings
from pathlib import Path

import pytest

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"  # MLflow reads it when it is imported


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from hpsearch.tracking.database import create_sqlite

    path = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow's own: it uses a part of SQLAlchemy that is going away
        create_sqlite(f"sqlite:///{path}")
    return path


@pytest.fixture
def home(tmp_path: Path, empty_database: Path) -> Path:
    """A workspace with an MLflow database that holds nothing yet."""
    folder = tmp_path / "home"
    (folder / "outbox").mkdir(parents=True)
    shutil.copy(empty_database, folder / "mlflow.db")
    return folder
