"""Who runs a study whose database several machines share: a row in that database, renewed by a heartbeat.

How old a heartbeat is, the database's own clock says, so the clocks of the machines need not agree.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from optuna.storages import RDBStorage
from sqlalchemy import Column, DateTime, Float, Integer, MetaData, String, Table, func, insert, inspect, select, update
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from hpsearch.errors import HpsearchError
from hpsearch.search.holder import STALE_SECONDS, Holder, this_process

BEAT_SECONDS = 2.0
_LOOK_SECONDS = 0.2
_PATIENCE_SECONDS = 2  # with a database that does not answer, when the study is given back

LEASES = Table(
    "hpsearch_leases",
    MetaData(),
    Column("study", String(64), primary_key=True),
    Column("token", String(32), nullable=False),
    Column("host", String(255), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("created", Float(53), nullable=False),
    Column("since", Float(53), nullable=False),
    Column("state", String(16), nullable=False),
    Column("beats", Integer, nullable=False),
    Column("beat", DateTime(timezone=True), nullable=False),
)


def lease_holder(storage: RDBStorage, study: str) -> Holder | None:
    """Who holds the lease of a study now, if it lives; None too where the storage has no leases yet."""
    if not inspect(storage.engine).has_table(LEASES.name):
        return None
    row = _read(storage.engine, study)
    return row[0] if row is not None and row[0].alive else None


def _read(engine: Engine, study: str) -> tuple[Holder, str, int] | None:
    """The lease of a study: its holder, token, and number of heartbeats."""
    with engine.connect() as connection:
        asked = select(LEASES, func.current_timestamp().label("now")).where(LEASES.c.study == study)
        row = connection.execute(asked).one_or_none()
    if row is None:
        return None
    age = max(0.0, (row.now - row.beat).total_seconds())
    return Holder(row.host, row.pid, row.created, row.since, row.state, age), row.token, row.beats


class Lease:
    """A study's lease. `take` it, `check` it before each step, and `release` it; a thread renews it meanwhile.

    The thread is there because an epoch in the coordinator's own process may take longer than many heartbeats.
    """

    def __init__(self, storage: RDBStorage, study: str) -> None:
        self._engine, self._study = storage.engine, study
        self._token = uuid.uuid4().hex
        self._lost, self._over = False, threading.Event()
        self._last = 0.0
        self._thread = threading.Thread(target=self._beat_on, daemon=True)

    def take(self, told: Callable[[str], None]) -> None:
        """Returns once the study is ours. Raises HpsearchError that names a holder that lives.

        The lease of a process that has died on this machine is taken at once; where it is another machine's, its
        heartbeat is listened for. `told` is given a line where somebody's lease is taken over.
        """
        try:
            LEASES.create(self._engine, checkfirst=True)
        except SQLAlchemyError:
            if not inspect(self._engine).has_table(LEASES.name):  # unless another one made it just now
                raise
        heard: tuple[str, int] | None = None
        while True:
            found = _read(self._engine, self._study)
            if found is None:
                if self._insert():
                    break
                continue
            holder, token, beats = found
            if not holder.alive:
                if self._take_over(token, beats):
                    how = "which has died" if holder.here else f"not heard of for {holder.age:.0f} s"
                    told(f"study {self._study!r} is taken over from {holder}, {how}")
                    break
            elif holder.here or (heard is not None and heard != (token, beats)):
                raise HpsearchError(f"study {self._study!r} is being run by {holder}")
            else:
                heard = heard or (token, beats)
                time.sleep(_LOOK_SECONDS)
        self._last = time.time()
        self._thread.start()

    def check(self) -> None:
        """Raises HpsearchError where somebody else has taken the study, as after a long sleep of this machine."""
        if time.time() - self._last > STALE_SECONDS / 2:
            self._beat()
        if self._lost:
            found = _read(self._engine, self._study)
            by = f" by {found[0]}" if found else ""
            raise HpsearchError(f"study {self._study!r} was taken over{by}; this process writes nothing more")

    def show(self, state: str) -> None:
        """Let others see the state "under way" or "paused"."""
        self._write(state=state)

    def release(self) -> None:
        """Give the study back."""
        self._over.set()
        if self._thread.ident is None:
            return
        self._thread.join(_PATIENCE_SECONDS)
        with suppress(SQLAlchemyError), self._engine.connect() as connection:  # otherwise it goes stale
            if self._engine.dialect.name == "sqlite":
                connection.exec_driver_sql(f"PRAGMA busy_timeout = {1000 * _PATIENCE_SECONDS}")
            connection.execute(LEASES.delete().where(self._ours))
            connection.commit()

    @property
    def _ours(self) -> Any:
        return (LEASES.c.study == self._study) & (LEASES.c.token == self._token)

    def _fields(self) -> dict[str, Any]:
        me = this_process()
        about = {"host": me.host, "pid": me.pid, "created": me.created, "since": me.since, "state": me.state}
        return {**about, "token": self._token, "beats": 0, "beat": func.current_timestamp()}

    def _insert(self) -> bool:
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(LEASES).values(study=self._study, **self._fields()))
        except IntegrityError:  # another one was first
            return False
        return True

    def _take_over(self, token: str, beats: int) -> bool:
        """Of several that find the same dead lease, one gets it."""
        as_found = (LEASES.c.study == self._study) & (LEASES.c.token == token) & (LEASES.c.beats == beats)
        with self._engine.begin() as connection:
            return connection.execute(update(LEASES).where(as_found).values(**self._fields())).rowcount == 1

    def _beat(self) -> None:
        if self._write(beats=LEASES.c.beats + 1, beat=func.current_timestamp()):
            self._last = time.time()
        else:
            self._lost = True

    def _write(self, **fields: Any) -> bool:
        with self._engine.begin() as connection:
            return connection.execute(update(LEASES).where(self._ours).values(**fields)).rowcount == 1

    def _beat_on(self) -> None:
        while not self._over.wait(BEAT_SECONDS):
            try:
                self._beat()
            except SQLAlchemyError:
                continue  # the database may come back; `check` says so where it does not
