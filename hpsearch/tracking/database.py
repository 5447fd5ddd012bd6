"""SQLite under MLflow: created whole or not at all, then written with one light commit a call."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import mlflow
from filelock import FileLock
from mlflow import MlflowClient
from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.pool import NullPool

from hpsearch import cache
from hpsearch.files import write_whole
from hpsearch.tracking.address import is_server
from hpsearch.urls import in_memory

# Write-ahead logging also lets MLflow's pages read while the mirror writes. What a power loss takes away of
# it is sent again, because a run gets its final status last.
_WRITING = ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL")
_SQLITE = b"SQLite format 3\0"  # how such a file begins
_MOST_KEPT = 2  # versions of MLflow whose tables are kept
_CREATING = ("PRAGMA journal_mode=MEMORY", "PRAGMA synchronous=OFF")


def create_sqlite(tracking_uri: str) -> None:
    """Create MLflow's database, if the address is of an SQLite file that is not there yet.

    MLflow makes its tables in dozens of steps, and a process killed among them leaves a file that MLflow
    refuses for good. So they are made in another file, which then takes its place in one step; a lock keeps
    apart the studies of one workspace that start at once.
    """
    path = sqlite_file(tracking_uri)
    if path is None or path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{path}.lock"):
        if path.exists():
            return
        draft = path.with_name(f"{path.name}.draft")
        name = f"mlflow-{mlflow.__version__}.db"
        tables = cache.recall(name) or b""
        if not tables.startswith(_SQLITE):
            draft.unlink(missing_ok=True)
            tables = _tables(draft)
            cache.keep(name, tables, _MOST_KEPT)
            draft.unlink()
        write_whole(path, tables)


def knock(tracking_uri: str) -> None:
    """Raise at once what a server has against us, or what is wrong with a file: MLflow would ask again for minutes."""
    if is_server(tracking_uri):
        return
    path = sqlite_file(tracking_uri)
    if path is None:
        with create_engine(tracking_uri, poolclass=NullPool).connect():
            return
    if path.exists():
        try:
            with closing(sqlite3.connect(path)) as database:
                database.execute("SELECT sql FROM sqlite_master").fetchall()
        except sqlite3.OperationalError:
            raise  # it is locked
        except sqlite3.DatabaseError as error:
            hint = "once that file is gone, the next run writes the whole record anew"
            raise ValueError(f"{path} is damaged ({error}); {hint}") from error


def settle(tracking_uri: str) -> None:
    """Move what was written into the database's own file, as its last user's end would; whoever reads it is not harmed.

    So the file alone is the whole record, though this process ends without taking leave of MLflow's connections.
    """
    path = sqlite_file(tracking_uri)
    if path is not None and path.exists():
        with suppress(sqlite3.Error), closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def sqlite_file(tracking_uri: str) -> Path | None:
    """The SQLite file of an address, if it is of one."""
    url = make_url(tracking_uri)
    return None if url.get_backend_name() != "sqlite" or in_memory(url) else Path(str(url.database))


def _tables(draft: Path) -> bytes:
    """MLflow's tables, with nothing in them that belongs to one place: it adds its default experiment by itself."""
    with _each_connection(_CREATING), _closing_connections():
        address = URL.create("sqlite", database=str(draft)).render_as_string(hide_password=False)
        MlflowClient(tracking_uri=address).search_experiments(max_results=1)
    with closing(sqlite3.connect(draft)) as database:
        database.execute("DELETE FROM experiments")
        database.commit()
    return draft.read_bytes()


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
