"""Follows the outbox of one study and sends what is new, through outages, without a double."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from itertools import islice
from pathlib import Path
from typing import Protocol

from hpsearch.tracking.counts import Counts
from hpsearch.tracking.faults import Faults
from hpsearch.tracking.ledger import MALFORMED, Ledger
from hpsearch.tracking.outbox import records
from hpsearch.tracking.runs import Run

POLL_SECONDS = 0.2
HOLD_SECONDS = 5.0  # how long news of a trial under way waits for more of it
PATIENCE_SECONDS = 10.0
_LONGEST_WAIT_SECONDS = 10.0
_LAST_WAIT_SECONDS = 1.0
_RECORDS_A_STEP = 20_000


class StudyInMlflow(Protocol):
    """What the mirror needs of MLflow; `hpsearch.tracking.mlflow.MlflowStudy` is the real one."""

    def runs(self) -> list[Run]: ...
    def send(self, run: Run, common_tags: dict[str, str]) -> None: ...
    def counts(self, epoch_metrics: Collection[str]) -> Counts: ...


class Follower:
    """Follows one outbox. MLflow's own runs say what has arrived; no other position is kept.

    So a start, the end of an outage and the death of an earlier mirror are all the same: list the runs that
    are there, fold the outbox from its first record, and send what is missing.
    """

    def __init__(
        self,
        outbox: Path,
        connect: Callable[[], StudyInMlflow],
        faults: Faults,
        closed: threading.Event,
        log: Callable[[str], None],
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        """`closed` says that nothing more will be appended; `patience` is in seconds, see `run`."""
        self._outbox, self._connect, self._faults = outbox, connect, faults
        self._closed, self._log, self._patience = closed, log, patience
        self._study: StudyInMlflow | None = None
        self._ledger = Ledger()
        self._offset = 0
        self._progress = time.monotonic()

    def run(self) -> Counts | str:
        """Mirror until the outbox is closed and sent; then what MLflow holds.

        Or the reason, where MLflow has taken nothing for `patience` seconds after the outbox was closed.
        """
        wait, said, closing = POLL_SECONDS, "", False
        while True:
            if self._closed.is_set() and not closing:
                closing, self._progress = True, time.monotonic()
            try:
                study, more = self._step(closing)
                if closing and not more:
                    return study.counts(self._ledger.epoch_metrics)
                wait, pause = POLL_SECONDS, 0.0 if more else POLL_SECONDS
            except Exception as error:  # whatever it is, training goes on, and a later attempt may succeed
                self._study = None
                reason = one_line(error)
                if reason != said:
                    self._log(f"waiting for MLflow: {reason}")
                    said = reason
                if closing and time.monotonic() - self._progress > self._patience:
                    return reason
                pause, wait = wait, min(2 * wait, _LONGEST_WAIT_SECONDS)
            if closing:
                time.sleep(min(pause, _LAST_WAIT_SECONDS))
            else:
                self._closed.wait(pause)

    def _step(self, closing: bool) -> tuple[StudyInMlflow, bool]:
        """Read and send once. Returns MLflow's side, and whether there is more to read at once."""
        if self._study is None:
            study = self._connect()
            self._ledger, self._offset = Ledger(study.runs()), 0
            self._study = study
        more = self._read()
        last = closing and not more
        if last:
            self._ledger.close()
        for run in self._ledger.due(time.monotonic(), hold=0.0 if last else HOLD_SECONDS):
            self._study.send(run, self._ledger.common_tags)
            self._progress = time.monotonic()
        return self._study, more

    def _read(self) -> bool:
        """Fold the records that are new, but not too many at once. Returns whether there may be more."""
        taken = 0
        for record, end in islice(records(self._outbox, self._offset), _RECORDS_A_STEP):
            try:
                self._ledger.take(record)
            except MALFORMED as error:
                self._faults.add(f"the record that ends at byte {end}", repr(error))
            self._offset = end
            taken += 1
        return taken == _RECORDS_A_STEP


def one_line(error: BaseException, length: int = 200) -> str:
    """What the error says, cut to `length` characters."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= length else f"{text[: length - 1]}…"
