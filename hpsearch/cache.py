"""The user's cache folder: what is dear to make and the same every time. All of it may go at any time."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from pathlib import Path

from platformdirs import user_cache_path

from hpsearch.files import write_whole

log = logging.getLogger("hpsearch")

VARIABLE = "HPSEARCH_CACHE"


def folder() -> Path:
    """The one that the environment names, or the system's for a user."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else user_cache_path("hpsearch")


def recall(name: str) -> bytes | None:
    """What was kept under a name; None where nothing is, or where it can't be read."""
    with suppress(OSError):
        return (folder() / name).read_bytes()
    return None


def keep(name: str, content: bytes, most: int) -> None:
    """Keep a file, and of those with its suffix the `most` that were written last.

    A folder that takes nothing is no error: what is not kept is made again.
    """
    path = folder() / name
    try:
        write_whole(path, content)
        alike = sorted(path.parent.glob(f"*{path.suffix}"), key=lambda file: file.stat().st_mtime_ns)
        for old in alike[:-most]:
            old.unlink(missing_ok=True)
    except OSError as error:
        log.debug("%s: cannot be kept: %s", path, error)
