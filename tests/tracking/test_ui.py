from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from hpsearch.errors import InputError
from hpsearch.tracking.provenance import git_commit, provenance
from hpsearch.tracking.ui import default_tracking_uri, ui_command


@pytest.mark.parametrize("name", ["plain", "a b", "50%20off", "what?", "no#1", "ü@z&", "it's", "a+b"])
def test_the_default_address_leads_to_the_file_in_the_workspace(tmp_path: Path, name: str) -> None:
    from sqlalchemy import create_engine

    home = tmp_path / name
    home.mkdir()
    engine = create_engine(default_tracking_uri(home))
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE here (x)")
    engine.dispose()
    database = sqlite3.connect(home / "mlflow.db")
    assert database.execute("SELECT name FROM sqlite_master").fetchall() == [("here",)]
    database.close()


def test_the_pages_are_served_to_this_machine_only(tmp_path: Path) -> None:
    command = ui_command(tmp_path, None, 5123)
    assert command[command.index("--host") + 1] == "127.0.0.1"
    assert command[command.index("--port") + 1] == "5123"
    assert command[command.index("--backend-store-uri") + 1] == f"sqlite:///{tmp_path / 'mlflow.db'}"
    own = ui_command(tmp_path, "postgresql+psycopg://db/mlflow", 1)
    assert own[own.index("--backend-store-uri") + 1] == "postgresql+psycopg://db/mlflow"


def test_a_server_shows_its_own_pages(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="open that address in a browser"):
        ui_command(tmp_path, "https://mlflow.example", 5000)


def test_provenance_names_user_versions_and_no_machine(tmp_path: Path) -> None:
    tags = provenance(tmp_path)
    assert tags["mlflow.user"]
    assert tags["mlflow.source.name"] == "hpsearch"
    assert tags["hpsearch.version.optuna"][0].isdigit()
    assert not any(str(tmp_path) in value for value in tags.values())


def test_a_folder_outside_any_repository_has_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert git_commit(tmp_path) is None
    assert git_commit(tmp_path / "missing") is None
