"""URLs as they may be shown."""

from __future__ import annotations

from sqlalchemy.engine import make_url
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
