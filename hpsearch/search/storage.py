"""Where studies are kept: Optuna's journal file in the workspace, or any database that Optuna knows."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import BinaryIO

import optuna
from filelock import FileLock
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

from hpsearch.errors import HpsearchError, InputError


class KernelLock(JournalFileOpenLock):
    """A lock that the kernel lets go when its holder dies.

    Optuna's own locks are files, and after a `kill -9` everybody waits 30 s for one to be called stale.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self._kernel = FileLock(f"{path}.lock")

    def acquire(self) -> bool:
        self._kernel.acquire()
        return True

    def release(self) -> None:
        self._kernel.release()


def open_storage(home: Path, url: str | None, *, write: bool) -> BaseStorage | None:
    """The storage behind a URL, or the workspace's journal without one.

    For reading (`write=False`) nothing is created or mended: None where there is no journal yet.
    """
    if url:
        try:
            return RDBStorage(url)
        except Exception as error:
            raise InputError(f"--storage {_without_password(url)}: {_first_line(error)}") from error
    path = home / "optuna.journal"
    if write:
        home.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{path}.lock"):
            cut_torn_tail(path)
    elif not path.exists():
        return None
    try:
        return JournalStorage(JournalFileBackend(str(path), lock_obj=KernelLock(path)))
    except (ValueError, KeyError) as error:
        raise HpsearchError(f"{path}: the journal can't be read: {_first_line(error)}") from error


def cut_torn_tail(path: Path) -> int:
    """Cut what a dying writer left behind the last whole line; returns the number of bytes cut.

    Optuna forgives a torn last line when it reads, but the next append glues itself to it, and from then on
    every reader fails.
    """
    if not path.exists():
        return 0
    with path.open("r+b") as journal:
        size = end = journal.seek(0, os.SEEK_END)
        while end:
            start = _line_start(journal, end)
            journal.seek(start)
            line = journal.read(end - start)
            if line.endswith(b"\n") and _is_json(line):
                break
            end = start
        if end < size:
            journal.truncate(end)
            journal.flush()
            os.fsync(journal.fileno())
    return size - end


def study_names(storage: BaseStorage | None) -> list[str]:
    """All studies in a storage, by name."""
    return sorted(optuna.get_all_study_names(storage)) if storage is not None else []


def _line_start(file: BinaryIO, end: int) -> int:
    """Where the line that ends (or is torn) at `end` begins; reads backwards in blocks."""
    block, position = b"", end
    while position:
        step = min(65536, position)
        position -= step
        file.seek(position)
        block = file.read(step) + block
        newline = block.rfind(b"\n", 0, len(block) - 1)
        if newline >= 0:
            return position + newline + 1
    return 0


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _without_password(url: str) -> str:
    from sqlalchemy.engine import make_url

    try:
        return make_url(url).render_as_string(hide_password=True)
    except Exception:
        return "(not a database URL)"


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).strip().splitlines()[0]
