"""The lease of a study in a shared database: one holder, the living respected, the dead replaced."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from optuna.storages import RDBStorage
from sqlalchemy import inspect, update

from hpsearch.errors import HpsearchError
from hpsearch.search import lease as leases
from hpsearch.search.lease import LEASES, Lease, lease_holder
from tests.search.conftest import Storages


@pytest.fixture
def storage(storages: Storages) -> RDBStorage:
    return storages()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "BEAT_SECONDS", 0.05)
    monkeypatch.setattr(leases, "_LOOK_SECONDS", 0.01)


@pytest.fixture
def held(storage: RDBStorage) -> Iterator[Lease]:
    lease = Lease(storage, "s")
    lease.take(pytest.fail)
    yield lease
    lease.release()


def change(storage: RDBStorage, **fields: Any) -> None:
    """What another machine would have written."""
    with storage.engine.begin() as connection:
        connection.execute(update(LEASES).values(**fields))


def silent(lease: Lease) -> None:
    """From now on it sends no heartbeat."""
    lease._over.set()
    lease._thread.join()


@pytest.mark.usefixtures("held")
def test_a_second_coordinator_is_told_who_holds_the_study(storage: RDBStorage) -> None:
    who = lease_holder(storage, "s")
    assert who is not None
    assert who.alive
    with pytest.raises(HpsearchError, match=f"study 's' is being run by process {who.pid} on {who.host}, since 20"):
        Lease(storage, "s").take(pytest.fail)
    other = Lease(storage, "other")
    other.take(pytest.fail)
    other.release()


def test_a_study_that_was_given_back_is_free(storage: RDBStorage) -> None:
    for _ in range(2):
        lease = Lease(storage, "s")
        lease.take(pytest.fail)
        lease.show("paused")
        found = lease_holder(storage, "s")
        assert found is not None
        assert found.state == "paused"
        lease.release()
        assert lease_holder(storage, "s") is None


def test_where_there_are_no_leases_nothing_is_written_to_see_that(storage: RDBStorage) -> None:
    assert lease_holder(storage, "s") is None
    assert not inspect(storage.engine).has_table(LEASES.name)


def test_the_lease_of_a_process_that_died_here_is_taken_at_once(storage: RDBStorage, held: Lease) -> None:
    silent(held)
    change(storage, pid=2**22 + 1)
    said: list[str] = []
    lease = Lease(storage, "s")
    lease.take(said.append)
    assert len(said) == 1
    assert said[0].startswith(f"study 's' is taken over from process {2**22 + 1} on ")
    assert said[0].endswith("which has died")
    lease.release()


def test_another_machine_that_still_beats_is_respected(storage: RDBStorage, held: Lease) -> None:
    change(storage, host="elsewhere")
    with pytest.raises(HpsearchError, match="on elsewhere, since"):
        Lease(storage, "s").take(pytest.fail)
    held.check()


def test_another_machine_that_is_silent_is_replaced_and_notices(
    storage: RDBStorage, held: Lease, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hpsearch.search.holder.STALE_SECONDS", 1.0)
    silent(held)
    change(storage, host="elsewhere")
    said: list[str] = []
    lease = Lease(storage, "s")
    lease.take(said.append)
    assert "on elsewhere, since" in said[0]
    assert "not heard of for" in said[0]
    held._last = 0.0
    with pytest.raises(HpsearchError, match=r"was taken over by process \d+ on .*; this process writes nothing more"):
        held.check()
    lease.check()
    lease.release()


def test_of_many_that_come_at_once_one_gets_the_study(storages: Storages) -> None:
    four = [storages() for _ in range(4)]
    start, got, refused = threading.Barrier(4), list[Lease](), list[str]()

    def come(storage: RDBStorage) -> None:
        lease = Lease(storage, "s")
        start.wait()
        try:
            lease.take(pytest.fail)
            got.append(lease)
        except HpsearchError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=come, args=(storage,)) for storage in four]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(got), len(refused)) == (1, 3)
    got[0].release()


def test_heartbeats_are_counted(storage: RDBStorage, held: Lease) -> None:
    until = time.monotonic() + 30.0
    while (found := leases._read(storage.engine, "s")) is not None and found[2] < 3 and time.monotonic() < until:
        time.sleep(0.02)
    assert found is not None
    assert found[2] >= 3
    held.check()
