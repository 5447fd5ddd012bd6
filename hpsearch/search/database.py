"""A database that Optuna knows, opened beside others that open it too: to read it makes nothing in it."""

from __future__ import annotations

import time

from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.dialects.mysql import LONGTEXT
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from hpsearch.errors import InputError
from hpsearch.search.database_url import driver, is_missing_file, options, parse, whole
from hpsearch.urls import without_password

_TRIES, _PAUSE_SECONDS = 10, 0.2


def open_database(url: str, *, write: bool) -> RDBStorage | None:
    """The storage behind a URL; for reading only, None where Optuna has never been.

    Raises InputError for a URL that leads nowhere.
    """
    parts = parse(url)
    try:
        if not write and is_missing_file(parts):
            return None
        engine = create_engine(parts, poolclass=NullPool, **options(parts))
        if not _is_made(engine):
            if not write:
                return None
            _make(engine)
        if write:
            _widen(engine)
        return RDBStorage(whole(parts), options(parts))
    except ModuleNotFoundError as error:
        shown = without_password(url)
        raise InputError(f"--storage {shown}: its driver is not installed", hint=driver(error.name)) from error
    except Exception as error:
        raise InputError(f"--storage {without_password(url)}: {_first_line(_cause(error))}") from error


def _make(engine: Engine) -> None:
    """Let Optuna make its tables.

    It looks whether they are there and then makes them, so of two processes that do so at once one fails. It looks
    again.
    """
    for attempt in range(_TRIES):
        try:
            RDBStorage(whole(engine.url), {**options(engine.url), "poolclass": NullPool})
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


def failure(error: BaseException) -> str | None:
    """What to say of an error that a database gave, in a line; None for one of another kind."""
    error = _cause(error)
    return f"the database failed: {_first_line(error)}" if isinstance(error, SQLAlchemyError) else None


def _first_line(error: BaseException) -> str:
    """What an error says, without what follows its first line."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _cause(error: BaseException) -> BaseException:
    """Behind an error of Optuna's, whose words guess at the reason, the database's own."""
    return error.__cause__ if isinstance(error, StorageInternalError) and error.__cause__ is not None else error
