"""Where studies are kept: Optuna's journal file in the workspace, or any database that Optuna knows."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from filelock import FileLock
from optuna.storages import BaseStorage, JournalStorage
from optuna.storages.journal import JournalFileBackend

from hpsearch.errors import HpsearchError


class GroupedJournal(JournalFileBackend):
    """A journal that waits for the disk once for many writes, when `sync` is called.

    It is only ever appended to, so a power cut takes away its end, and a study goes on from any beginning of it.
    Its lock is the kernel's, which a dead process lets go; after a `kill -9` Optuna's own is called stale after
    30 s. What this process has appended itself is not read again from the disk.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self._path, self._unsafe = path, False
        self._between_processes = _lock(path)
        #: The lines appended last, which Optuna asks for next, and the byte where they begin.
        self._appended: tuple[int, list[bytes]] = (0, [])

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Append whole lines or nothing. Raises HpsearchError where the disk takes no more."""
        lines = [json.dumps(log, separators=(",", ":")).encode() + b"\n" for log in logs]
        whole = b"".join(lines)
        with self._between_processes, self._path.open("ab", buffering=0) as journal:
            size = journal.seek(0, os.SEEK_END)
            try:
                written, why = journal.write(whole), os.strerror(errno.ENOSPC)
            except OSError as error:
                written, why = 0, error.strerror or str(error)
            if written != len(whole):
                journal.truncate(size)
                raise HpsearchError(f"{self._path}: cannot be written: {why}")
        self._appended, self._unsafe = (size, lines), True

    def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:  # type: ignore[override]
        """The records from one on. Other studies' coordinators may append too."""
        number, (begin, lines) = log_number_from, self._appended
        if begin == self._log_number_offset.get(number):
            for line in lines:
                self._log_number_offset[number + 1] = self._log_number_offset[number] + len(line)
                number += 1
                yield json.loads(line)
        if self._path.stat().st_size != self._log_number_offset.get(number):
            yield from super().read_logs(number)

    def sync(self) -> None:
        """Return when all that was appended would survive a power cut."""
        if self._unsafe:
            with self._path.open("ab") as journal:
                os.fsync(journal.fileno())
            self._unsafe = False


def open_storage(home: Path, url: str | None, *, write: bool) -> BaseStorage | None:
    """The storage behind a URL, or the workspace's journal without one.

    For reading (`write=False`) nothing is created or mended: None where there is no journal yet.
    """
    if url:
        from hpsearch.search.database import open_database  # SQLAlchemy is imported for those only who want it

        return open_database(url, write=write)
    path = home / "optuna.journal"
    if write:
        home.mkdir(parents=True, exist_ok=True)
        with _lock(path):
            cut_torn_tail(path)
    elif not path.exists():
        return None
    try:
        return JournalStorage(GroupedJournal(path))
    except OSError:
        raise
    except Exception as error:  # whatever a line that is no record makes of Optuna's reader
        raise HpsearchError(f"{path}: the journal can't be read: {error}") from error


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


def _lock(path: Path) -> FileLock:
    return FileLock(f"{path}.flock")


def sync(storage: BaseStorage) -> None:
    """Return when all that was written is safe. A database sees to that with every write."""
    backend = getattr(storage, "_backend", None)
    if isinstance(backend, GroupedJournal):
        backend.sync()


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
