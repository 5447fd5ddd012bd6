"""The outbox: the durable queue between the study and MLflow, a file of one JSON record a line."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hpsearch.errors import HpsearchError

Record = dict[str, Any]


def records(path: Path, offset: int = 0) -> Iterator[tuple[Record, int]]:
    """The whole records from byte `offset` on, each with the offset where the next one starts.

    Stops silently before a last line that is not complete. A line that is not a JSON object is passed over,
    and since no offset ever points behind a trailing one, a writer may cut it while readers go on.
    """
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        file.seek(offset)
        for line in file:
            if not line.endswith(b"\n"):
                return  # it may be under way: what follows in a moment is not a line of its own
            offset += len(line)
            record = _decode(line)
            if record is not None:
                yield record, offset


def _decode(line: bytes) -> Record | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


class Outbox:
    """The writing end. There is one writer at a time: the coordinator.

    A record is handed to the operating system when `append` returns, so it survives the death of this
    process. After a power loss the last ones may be missing: the coordinator asks `recorded` and adds them.
    """

    def __init__(self, path: Path) -> None:
        """Open or create the file and cut a torn tail. Raises HpsearchError if it cannot be written."""
        self.path = path
        self._recorded: set[tuple[str, int | None]] = set()
        self._size = 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            for record, end in records(path):
                self._remember(record)
                self._size = end
            self._file = path.open("ab", buffering=0)
            self._file.truncate(self._size)
        except OSError as error:
            raise self._failure(error) from error

    def recorded(self, kind: str, number: int | None = None) -> bool:
        """Whether at least one record of this kind is there for this trial (None: for the study)."""
        return (kind, number) in self._recorded

    def append(self, record: Mapping[str, Any]) -> None:
        """Add one record. Raises HpsearchError, and leaves no part of it, where the disk takes no more."""
        line = json.dumps(record, separators=(",", ":")).encode() + b"\n"
        try:
            if self._file.write(line) != len(line):
                raise OSError("the disk is full")  # noqa: TRY301
        except OSError as error:
            self._file.truncate(self._size)
            raise self._failure(error) from error
        self._size += len(line)
        self._remember(record)

    def close(self) -> None:
        self._file.close()

    def _remember(self, record: Mapping[str, Any]) -> None:
        kind, number = record.get("kind"), record.get("number")
        if isinstance(kind, str) and (number is None or isinstance(number, int)):
            self._recorded.add((kind, number))

    def _failure(self, error: OSError) -> HpsearchError:
        return HpsearchError(f"{os.fspath(self.path)}: cannot write: {error.strerror or error}")
