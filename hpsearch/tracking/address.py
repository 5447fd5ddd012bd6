"""The address of a record in MLflow: checked before anything is written, and shown without what is secret in it."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit, urlunsplit

from hpsearch.errors import InputError

_DATABASES = ("sqlite", "postgresql", "mysql", "mssql")  # that MLflow can keep its record in
_SUCH = "such are http://host:5000 and sqlite:///mlflow.db"


def is_server(tracking_uri: str) -> bool:
    """Whether an MLflow server stands behind this address, with a store of its own."""
    return tracking_uri.startswith(("http://", "https://"))


def check(tracking_uri: str) -> None:
    """Raises InputError where this can't be the address of a record. What is wrong is not shown: a password may be."""
    if is_server(tracking_uri):
        try:
            parts = urlsplit(tracking_uri)
            whole = bool(parts.hostname) and parts.port != 0
        except ValueError:
            whole = False
        if not whole:
            raise InputError("--tracking-uri: not the address of an MLflow server", hint=_SUCH)
        return
    from sqlalchemy.engine import make_url  # takes a while to import
    from sqlalchemy.exc import ArgumentError

    from hpsearch.urls import in_memory

    try:
        database = make_url(tracking_uri)
    except (ArgumentError, ValueError) as error:
        raise InputError("--tracking-uri: neither an MLflow server nor a database", hint=_SUCH) from error
    kind = database.get_backend_name()
    if kind not in _DATABASES:
        raise InputError(f"--tracking-uri: neither an MLflow server nor a database that it can use: {kind}", hint=_SUCH)
    if in_memory(database):
        what = "a database in memory is gone when the command ends"
        raise InputError(f"--tracking-uri: {what}", hint="name a file, as in sqlite:///mlflow.db")


def without_user(server: str) -> str:
    """A server's address as a browser needs it."""
    parts = urlsplit(server)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def user_of(server: str) -> tuple[str, str] | None:
    """Name and password in a server's address, if they stand there."""
    parts = urlsplit(server)
    if parts.username is None:
        return None
    return unquote(parts.username), unquote(parts.password or "")
