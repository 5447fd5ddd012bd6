"""The address of MLflow's record: refused where it can't be one, and never shown with its password."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from hpsearch.cli.workspace import Workspace
from hpsearch.errors import InputError
from hpsearch.tracking.address import check, user_of, without_user
from hpsearch.tracking.database import knock
from hpsearch.tracking.pages import pages_at
from tests.cli.command import hpsearch, run_process, write_study

WRONG = [
    ("foo", "neither an MLflow server nor a database; such are http://host:5000 and"),
    ("postgresql://me:secret/studies", "neither an MLflow server nor a database"),
    ("file:///tmp/mlruns", "nor a database that it can use: file; such are"),
    ("databricks://secret", "nor a database that it can use: databricks"),
    ("http://", "not the address of an MLflow server; such are"),
    ("https://me:secret@host:port", "not the address of an MLflow server"),
    ("sqlite://", "a database in memory is gone when the command ends; name a file"),
]


@pytest.mark.parametrize(("uri", "said"), WRONG)
def test_what_is_no_address_is_one_line_without_its_password(uri: str, said: str) -> None:
    with pytest.raises(InputError) as error:
        check(uri)
    assert said in str(error.value)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    "uri", ["http://host:5000", "https://me:secret@host/mlflow", "sqlite:///x.db", "mysql://u@h/d"]
)
def test_an_address_is_taken(uri: str) -> None:
    check(uri)


def test_a_wrong_address_ends_the_command_before_anything_is_written(tmp_path: Path) -> None:
    result = hpsearch("run", write_study(tmp_path), "--home", tmp_path / "home", "--tracking-uri", "foo")
    assert result.code == 2
    assert result.lines == [
        "error: --tracking-uri: neither an MLflow server nor a database; such are http://host:5000 and "
        "sqlite:///mlflow.db"
    ]
    assert not (tmp_path / "home").exists()


def test_name_and_password_of_a_server_are_taken_from_its_address() -> None:
    server = "https://me%40home:p%2Fw@host:5000/mlflow"
    assert user_of(server) == ("me@home", "p/w")
    assert without_user(server) == pages_at(server) == "https://host:5000/mlflow"
    assert user_of("http://host:5000") is None
    assert Workspace(Path("h"), None, server).browse() == "https://host:5000/mlflow"
    shown = Workspace(Path("studies"), None, "postgresql://me:secret@host/x").browse()
    assert shown.endswith("ui --tracking-uri 'postgresql://me:***@host/x'")


@pytest.mark.slow
def test_no_password_is_shown_or_logged_where_nobody_answers(tmp_path: Path) -> None:
    home, uri = tmp_path / "home", "http://me:secret@127.0.0.1:1"
    result = run_process("run", write_study(tmp_path), "--home", home, "--tracking-uri", uri)
    assert result.code == 0
    assert "MLflow's pages: http://127.0.0.1:1" in result.lines
    assert any(line.startswith("MLflow is behind: MLflow cannot be written: ") for line in result.lines)
    assert "secret" not in result.err
    files = [Path(folder) / name for folder, _, names in os.walk(home) for name in names]
    assert any(file.name.endswith(".mirror.log") for file in files)
    assert not [file for file in files if b"secret" in file.read_bytes()]


def test_a_database_server_that_is_not_there_is_told_at_once() -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(Exception, match="connection"):
        knock("postgresql+psycopg://me:secret@127.0.0.1:1/x")


@pytest.mark.parametrize("cut", [None, 20_000])
def test_a_damaged_file_is_told_at_once_and_what_to_do(tmp_path: Path, cut: int | None) -> None:
    file = tmp_path / "mlflow.db"
    with closing(sqlite3.connect(file)) as database:
        for number in range(300):
            database.execute(f"CREATE TABLE t{number} (name TEXT DEFAULT '{'x' * 100}')")
    knock(f"sqlite:///{file}")
    file.write_bytes(b"garbage\n" * 99 if cut is None else file.read_bytes()[:cut])
    with pytest.raises(ValueError, match=r"is damaged .* the next run writes the whole record anew"):
        knock(f"sqlite:///{file}")
