"""One coordinator a study: who holds it, and whether that process still lives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from hpsearch.errors import HpsearchError


@contextmanager
def only_coordinator(home: Path, study: str) -> Iterator[None]:
    """Hold the study. Raises HpsearchError that names the process that does. The kernel frees a dead one's lock."""
    folder = home / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / f"{study}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        who = holder(home, study)
        by = f"process {who}" if who else "another process"
        raise HpsearchError(f"study {study!r} is being run by {by}") from None
    try:
        me = psutil.Process()
        (folder / f"{study}.json").write_text(json.dumps({"pid": me.pid, "created": me.create_time()}))
        yield
    finally:
        (folder / f"{study}.json").unlink(missing_ok=True)
        lock.release()


def holder(home: Path, study: str) -> int | None:
    """The process that runs the study now, if any; takes no lock, so it disturbs nobody."""
    try:
        said = json.loads((home / "locks" / f"{study}.json").read_text())
        alive = psutil.Process(said["pid"]).create_time() == said["created"]
    except (OSError, ValueError, KeyError, psutil.Error):
        return None
    return int(said["pid"]) if alive else None
