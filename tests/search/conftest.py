"""Storages in a database of each kind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy.orm  # noqa: F401  # several threads must not be the first to import it
from optuna.storages import RDBStorage

from hpsearch.search.database import open_database


class Storages:
    """Opens a database, as often as it is asked to, and closes all of them at the end."""

    def __init__(self, url: str) -> None:
        self._url, self._opened = url, list[RDBStorage]()

    def __call__(self) -> RDBStorage:
        """One to write."""
        storage = self.opened(write=True)
        assert storage is not None
        return storage

    def opened(self, *, write: bool) -> RDBStorage | None:
        storage = open_database(self._url, write=write)
        if storage is not None:
            self._opened.append(storage)
        return storage

    def close(self) -> None:
        for storage in self._opened:
            storage.scoped_session.remove()
            storage.engine.dispose()


@pytest.fixture
def storages(database: str) -> Iterator[Storages]:
    found = Storages(database)
    yield found
    found.close()
