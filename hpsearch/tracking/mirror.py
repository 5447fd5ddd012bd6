"""The mirror: a process of its own that follows the outbox and writes it to MLflow, beside training.

The coordinator starts it. When its standard input ends (the coordinator has finished, or has died), it sends
what is left, prints one JSON line, ``{"counts": …}`` or ``{"reason": …}``, and exits.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import signal
import sys
import threading
import time
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TextIO

from filelock import FileLock

from hpsearch.tracking.counts import Counts
from hpsearch.tracking.faults import Faults
from hpsearch.tracking.follower import PATIENCE_SECONDS, Follower
from hpsearch.tracking.pages import note_run
from hpsearch.tracking.ui import artifact_folder, default_tracking_uri, is_server

SELDOM = 50_000  # objects between two looks for garbage, of which SQLAlchemy makes much, and none in cycles
_ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",  # a call that is tried again blindly may make a second run
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "OMP_NUM_THREADS": "1",
}


def main() -> int:
    """Run as a process. Exit code 0 when all was sent, else 1."""
    arguments = _arguments()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C stops the coordinator, which then ends this
    answer, sys.stdout = sys.stdout, sys.stderr  # MLflow may print, and the answer is one line
    if hasattr(os, "nice"):
        os.nice(5)  # training comes first
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    closed = threading.Event()
    threading.Thread(target=_watch_standard_input, args=(closed,), daemon=True).start()
    with FileLock(f"{arguments.outbox}.lock"):  # an earlier mirror may still be sending
        result = _follow(arguments, closed)
    _reply(answer, result)
    return 0 if isinstance(result, Counts) else 1


def _follow(arguments: argparse.Namespace, closed: threading.Event) -> Counts | str:
    # Only now: MLflow reads the environment when it is imported, and that takes seconds.
    from hpsearch.tracking.database import create_sqlite, write_lightly
    from hpsearch.tracking.mlflow import MlflowStudy

    gc.freeze()
    gc.set_threshold(SELDOM)
    uri = arguments.tracking_uri or default_tracking_uri(arguments.home)
    location = None if is_server(uri) else artifact_folder(arguments.home).as_uri()
    faults = Faults(_log)
    noted = partial(note_run, arguments.home, arguments.study, arguments.study_id)

    def connect() -> MlflowStudy:
        create_sqlite(uri)
        return MlflowStudy(uri, location, arguments.study, arguments.study_id, faults, noted)

    write_lightly()
    return Follower(arguments.outbox, connect, faults, closed, _log, arguments.patience).run()


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


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--outbox", type=Path, required=True)
    parser.add_argument("--study", required=True)
    parser.add_argument("--study-id", required=True)
    parser.add_argument("--tracking-uri")
    parser.add_argument("--patience", type=float, default=PATIENCE_SECONDS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
