"""SQLite under MLflow: created whole or not at all, then written with one light commit a call."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock
from mlflow import MlflowClient
from sqlalchemy import event
from sqlalchemy.engine import URL, Engine, make_url

# Write-ahead logging also lets MLflow's pages read while the mirror writes. What a power loss takes away of
# it is sent again, because a run gets its final status last.
_WRITING = ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL")
_CREATING = ("PRAGMA journal_mode=MEMORY", "PRAGMA synchronous=OFF")


def create_sqlite(tracking_uri: str) -> None:
    """Create MLflow's database, if the address is of an SQLite file that is not there yet.

    MLflow makes its tables in dozens of steps, and a process killed among them leaves a file that MLflow
    refuses for good. So they are made in another file, which then takes its place in one step; a lock keeps
    apart the studies of one workspace that start at once.
    """
    url = make_url(tracking_uri)
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return
    path = Path(url.database)
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{path}.lock"):
        if path.exists():
            return
        draft = path.with_name(f"{path.name}.draft")
        draft.unlink(missing_ok=True)
        with _each_connection(_CREATING), _closing_connections():
            address = URL.create("sqlite", database=str(draft)).render_as_string(hide_password=False)
            MlflowClient(tracking_uri=address).search_experiments(max_results=1)
        with draft.open("rb+") as file:
            os.fsync(file.fileno())
        draft.replace(path)


def write_lightly() -> None:
    """Let every SQLite connection that this process opens from now on commit without waiting for the disk."""
    event.listen(Engine, "connect", _pragmas(_WRITING))


def _pragmas(statements: tuple[str, ...]) -> Any:
    def run(connection: Any, _: Any) -> None:
        if isinstance(connection, sqlite3.Connection):
            for statement in statements:
                connection.execute(statement)

    return run


@contextmanager
def _each_connection(statements: tuple[str, ...]) -> Iterator[None]:
    run = _pragmas(statements)
    event.listen(Engine, "connect", run)
    try:
        yield
    finally:
        event.remove(Engine, "connect", run)


@contextmanager
def _closing_connections() -> Iterator[None]:
    """Have MLflow keep no connection open behind a call, so that the file may be moved."""
    name = "MLFLOW_SQLALCHEMYSTORE_POOLCLASS"
    before = os.environ.get(name)
    os.environ[name] = "NullPool"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
