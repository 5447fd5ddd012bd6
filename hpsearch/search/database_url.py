"""The URL of a database: read and checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from hpsearch.errors import InputError
from hpsearch.urls import in_memory

#: How long SQLite is waited for while others write; its lock is not fair, and its own 5 s can pass in vain.
BUSY_SECONDS = 20
_DRIVERS = {  # by the module that is missing: the extra that brings a driver, and how its URLs begin
    "psycopg": ("postgresql", ""),
    "psycopg2": ("postgresql", "postgresql+psycopg://"),
    "pymysql": ("mysql", ""),
    "MySQLdb": ("mysql", "mysql+pymysql://"),
}


def parse(url: str) -> URL:
    """A URL of a database that lasts. Raises InputError; what is wrong with it is not shown, it may hold a password."""
    try:
        parts = make_url(url)
    except (ArgumentError, ValueError) as error:
        hint = "such are sqlite:///studies.db and postgresql+psycopg://me@host/studies"
        raise InputError("--storage: not a database URL", hint=hint) from error
    if in_memory(parts):
        raise InputError(
            f"--storage {url}: a database in memory is gone when the command ends",
            hint="name a file, as in sqlite:///studies.db",
        )
    return parts


def whole(url: URL) -> str:
    """The URL as text, password and all: to open it."""
    return url.render_as_string(hide_password=False)


def is_missing_file(url: URL) -> bool:
    """Whether this is an SQLite file that is not there, which opening it would create."""
    name = str(url.database).removeprefix("file:").partition("?")[0]
    return _is_sqlite(url) and not Path(name).exists()


def options(url: URL) -> dict[str, Any]:
    """What SQLAlchemy is to make its connections with."""
    return {"connect_args": {"timeout": BUSY_SECONDS}} if _is_sqlite(url) and "timeout" not in url.query else {}


def driver(module: str | None) -> str:
    """How to get the driver whose module is missing."""
    if module not in _DRIVERS:
        return f"pip install {module}"
    extra, begins = _DRIVERS[module]
    return f"pip install 'hpsearch[{extra}]'" + (f", and begin the URL with {begins}" if begins else "")


def _is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"
