"""URLs of databases and servers."""

from __future__ import annotations

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

NO_URL = "(not a URL)"


def without_password(url: str) -> str:
    """The URL of a database or a server as it may be shown."""
    try:
        parts = make_url(url)
    except (ArgumentError, ValueError):
        return NO_URL
    secret = {name: "***" for name in parts.query if "pass" in name.lower()}
    return parts.update_query_dict(secret).render_as_string(hide_password=True)


def in_memory(database: URL) -> bool:
    """Whether this is SQLite without a file, which is gone when the process ends."""
    return database.get_backend_name() == "sqlite" and database.database in (None, "", ":memory:")
