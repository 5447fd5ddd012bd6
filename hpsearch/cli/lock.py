"""One coordinator a study: who holds it, and whether that process still lives."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout
from optuna.storages import BaseStorage, RDBStorage

from hpsearch.errors import HpsearchError
from hpsearch.files import write_whole
from hpsearch.search.holder import Holder, this_process

if TYPE_CHECKING:
    from hpsearch.search.lease import Lease

_PATIENCE_SECONDS = 1.0  # for the holder of a lock to say who it is


class Hold:
    """A study that is this process's to run."""

    def __init__(self, file: Path, lease: Lease | None) -> None:
        self._file, self._lease, self._me = file, lease, this_process()
        self.show(self._me.state)

    def check(self) -> None:
        """Raises HpsearchError where the study is this process's no more."""
        if self._lease is not None:
            self._lease.check()

    def show(self, state: str) -> None:
        """Let others see the state "under way" or "paused"."""
        self._me = replace(self._me, state=state)
        write_whole(self._file, json.dumps(asdict(self._me)).encode())
        if self._lease is not None:
            self._lease.show(state)


@contextmanager
def only_coordinator(
    home: Path, study: str, storage: BaseStorage | None, told: Callable[[str], None]
) -> Iterator[Hold]:
    """Hold the study: by a lock that the kernel takes from the dead, and in a database by a lease there.

    Raises HpsearchError that names the process that holds it. `told` is given a line where it was held by a
    process that has died.
    """
    folder = home / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    lock, file = FileLock(folder / f"{study}.lock"), folder / f"{study}.json"
    try:
        lock.acquire(timeout=0)
    except Timeout:
        who = _patiently(home, study)
        raise HpsearchError(f"study {study!r} is being run by {who or 'another process'}") from None
    lease = _lease(storage, study)
    try:
        if lease is not None:
            lease.take(told)
        elif (before := _said(file)) is not None:
            told(f"study {study!r} is taken over from {before}, which has died")
        yield Hold(file, lease)
    finally:
        if lease is not None:
            lease.release()
        file.unlink(missing_ok=True)
        lock.release()


def holder(home: Path, study: str, storage: BaseStorage | None = None) -> Holder | None:
    """The process that runs the study now, if any, here or in the storage; takes no lock, so it disturbs nobody."""
    said = _said(home / "locks" / f"{study}.json")
    if (said is not None and said.alive) or not isinstance(storage, RDBStorage):
        return said if said is not None and said.alive else None
    from hpsearch.search.lease import lease_holder

    return lease_holder(storage, study)


def _lease(storage: BaseStorage | None, study: str) -> Lease | None:
    """The lease that a database keeps; what imports SQLAlchemy is imported for one only."""
    if not isinstance(storage, RDBStorage):
        return None
    from hpsearch.search.lease import Lease

    return Lease(storage, study)


def _said(file: Path) -> Holder | None:
    try:
        return Holder(**json.loads(file.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _patiently(home: Path, study: str) -> Holder | None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while (who := holder(home, study)) is None and time.monotonic() < until:
        time.sleep(0.05)
    return who
