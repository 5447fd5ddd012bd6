"""The mirror: a process of its own that follows the outbox and writes it to MLflow, beside training.

The coordinator starts it as soon as it can, for MLflow takes seconds to import, and says later what to follow: a
JSON line on the standard input, the fields of `Orders`. When that input ends (the coordinator has finished, or has
died), the mirror sends what is left, prints one JSON line, ``{"counts": …}`` or ``{"reason": …}``, and exits.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import threading
import time
from dataclasses import asdict, dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TextIO

from filelock import FileLock

from hpsearch.leaving import leave
from hpsearch.tracking.address import is_server, user_of, without_user
from hpsearch.tracking.counts import Counts
from hpsearch.tracking.faults import Faults
from hpsearch.tracking.follower import PATIENCE_SECONDS, Follower
from hpsearch.tracking.pages import note_run
from hpsearch.tracking.ui import artifact_folder, default_tracking_uri

SELDOM = 50_000  # objects between two looks for garbage, of which SQLAlchemy makes much, and none in cycles
_MOST_EARLY = 1 << 20  # bytes of what was printed before the log was known
_ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",  # a call that is tried again blindly may make a second run
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "OMP_NUM_THREADS": "1",
}


@dataclass(frozen=True, slots=True)
class Orders:
    """What to follow, and to where. `tracking_uri` None: the home's own SQLite. `log` takes what goes wrong."""

    home: str
    outbox: str
    study: str
    study_id: str
    log: str
    tracking_uri: str | None = None
    patience: float = PATIENCE_SECONDS


def main() -> int:
    """Run as a process. Exit code 0 when all was sent or there was nothing to do, else 1."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C stops the coordinator, which then ends this
    answer, sys.stdout = sys.stdout, sys.stderr  # MLflow may print, and the answer is one line
    if hasattr(os, "nice"):
        os.nice(5)  # training comes first
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    broken: BaseException | None = None
    try:
        # Only now: MLflow reads the environment when it is imported.
        import_module("hpsearch.tracking.mlflow")
    except BaseException as error:
        broken = error
    line = sys.stdin.readline()
    if not line:
        return 0  # nothing came of the study
    orders = Orders(**json.loads(line))
    _log_to(orders.log)
    if broken is not None:
        raise broken
    closed = threading.Event()
    threading.Thread(target=_watch_standard_input, args=(closed,), daemon=True).start()
    with FileLock(f"{orders.outbox}.lock"):  # an earlier mirror may still be sending
        result = _follow(orders, closed)
    _reply(answer, result)
    return 0 if isinstance(result, Counts) else 1


def _log_to(path: str) -> None:
    """Errors from here on, and those so far, go to the log; until now there was only a file without a name."""
    log = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    sys.stderr.flush()
    early = os.pread(2, _MOST_EARLY, 0)
    os.dup2(log, 2)
    os.write(2, early)
    os.close(log)


def _follow(orders: Orders, closed: threading.Event) -> Counts | str:
    from hpsearch.tracking.database import create_sqlite, knock, settle, write_lightly
    from hpsearch.tracking.mlflow import MlflowStudy

    gc.freeze()
    gc.set_threshold(SELDOM)
    home = Path(orders.home)
    uri = orders.tracking_uri or default_tracking_uri(home)
    location = None if is_server(uri) else artifact_folder(home).as_uri()
    if is_server(uri):
        uri = _signed_in(uri)
    faults = Faults(_log)
    noted = partial(note_run, home, orders.study, orders.study_id)

    def connect() -> MlflowStudy:
        create_sqlite(uri)
        knock(uri)
        return MlflowStudy(uri, location, orders.study, orders.study_id, faults, noted)

    write_lightly()
    result = Follower(Path(orders.outbox), connect, faults, closed, _log, orders.patience).run()
    settle(uri)
    return result


def _signed_in(server: str) -> str:
    """The address without name and password, which MLflow then takes from the environment, and says in no error."""
    if (user := user_of(server)) is not None:
        os.environ["MLFLOW_TRACKING_USERNAME"], os.environ["MLFLOW_TRACKING_PASSWORD"] = user
    return without_user(server)


def _reply(answer: TextIO, result: Counts | str) -> None:
    reply = {"counts": asdict(result)} if isinstance(result, Counts) else {"reason": result}
    try:
        answer.write(json.dumps(reply) + "\n")
        answer.flush()
    except OSError:
        _log("the coordinator is gone")


def _log(message: str) -> None:
    sys.stderr.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {message}\n")
    sys.stderr.flush()


def _watch_standard_input(closed: threading.Event) -> None:
    while os.read(0, 1024):
        pass
    closed.set()


if __name__ == "__main__":
    leave(main())
