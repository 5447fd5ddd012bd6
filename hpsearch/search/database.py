"""A database that Optuna knows, opened beside others that open it too: to read it makes nothing in it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.dialects.mysql import LONGTEXT
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from hpsearch.errors import InputError

#: How long SQLite is waited for while others write; its lock is not fair, and its own 5 s can pass in vain.
BUSY_SECONDS = 60
_TRIES, _PAUSE_SECONDS = 10, 0.2


def open_database(url: str, *, write: bool) -> RDBStorage | None:
    """The storage behind a URL; for reading only, None where Optuna has never been.

    Raises InputError for a URL that leads nowhere.
    """
    try:
        parts = make_url(url)
        if not write and _is_missing_file(parts):
            return None
        options = _options(parts)
        engine = create_engine(parts, poolclass=NullPool, **options)
        if not _is_made(engine):
            if not write:
                return None
            _make(engine, options)
        if write:
            _widen(engine)
        return RDBStorage(_whole(parts), options)
    except ModuleNotFoundError as error:
        shown = without_password(url)
        raise InputError(f"--storage {shown}: its driver is not installed", hint=_driver(error.name)) from error
    except Exception as error:
        raise InputError(f"--storage {without_password(url)}: {first_line(error)}") from error


def _make(engine: Engine, options: Mapping[str, Any]) -> None:
    """Let Optuna make its tables.

    It looks whether they are there and then makes them, so of two processes that do so at once one fails. It looks
    again.
    """
    for attempt in range(_TRIES):
        try:
            RDBStorage(_whole(engine.url), {**options, "poolclass": NullPool})
            return
        except (SQLAlchemyError, StorageInternalError):
            if attempt == _TRIES - 1 or not inspect(engine).get_table_names():
                raise
        time.sleep(_PAUSE_SECONDS)


def _is_made(engine: Engine) -> bool:
    """Whether Optuna has done the last thing that makes a database its own."""
    if not inspect(engine).has_table("alembic_version"):
        return False
    with engine.connect() as connection:
        return connection.execute(text("SELECT * FROM alembic_version")).first() is not None


def _widen(engine: Engine) -> None:
    """Let attributes be longer than the 64 KiB of MySQL's TEXT, which a trial of many epochs passes."""
    if engine.dialect.name not in ("mysql", "mariadb"):
        return
    for table in ("study_user_attributes", "trial_user_attributes"):
        (column,) = (c for c in inspect(engine).get_columns(table) if c["name"] == "value_json")
        if not isinstance(column["type"], LONGTEXT):
            with engine.begin() as connection:
                connection.execute(text(f"ALTER TABLE {table} MODIFY value_json LONGTEXT"))


def _driver(module: str | None) -> str:
    extra = {"psycopg": "postgresql", "pymysql": "mysql", "MySQLdb": "mysql"}.get(module or "")
    if module == "MySQLdb":
        return "pip install 'hpsearch[mysql]', and begin the URL with mysql+pymysql://"
    return f"pip install '{f'hpsearch[{extra}]' if extra else module}'"


def _whole(url: URL) -> str:
    return url.render_as_string(hide_password=False)


def _options(url: URL) -> dict[str, Any]:
    """What SQLAlchemy is to make its connections with."""
    if url.get_backend_name() == "sqlite" and "timeout" not in url.query:
        return {"connect_args": {"timeout": BUSY_SECONDS}}
    return {}


def _is_missing_file(url: URL) -> bool:
    """Whether this is an SQLite file that is not there, which opening it would create."""
    return url.get_backend_name() == "sqlite" and bool(url.database) and not Path(str(url.database)).exists()


def without_password(url: str) -> str:
    """The URL as it may be shown."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return "(not a database URL)"


def failure(error: BaseException) -> str | None:
    """What to say of an error that a database gave, in a line; None for one of another kind."""
    if isinstance(error, StorageInternalError) and error.__cause__ is not None:
        error = error.__cause__  # Optuna's own words guess at the reason
    return f"the database failed: {first_line(error)}" if isinstance(error, SQLAlchemyError) else None


def first_line(error: BaseException) -> str:
    """What an error says, without what follows its first line."""
    return (str(error) or type(error).__name__).strip().splitlines()[0]
