"""Records as a coordinator writes them, and the reading end run to its end in this process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from hpsearch.tracking.counts import Counts
from hpsearch.tracking.faults import Faults
from hpsearch.tracking.follower import Follower, StudyInMlflow
from hpsearch.tracking.outbox import Outbox

Record = dict[str, Any]


def study(at: float = 1.0, **params: Any) -> Record:
    params = params or {"sampler": "tpe"}
    tags = {"mlflow.user": "ann", "hpsearch.version.torch": "2.13.0"}
    return {
        "kind": "study",
        "time": at,
        "name": "s",
        "study_file": "name: s\n",
        "params": params,
        "tags": tags,
    }


def started(number: int, at: float = 2.0, **params: Any) -> Record:
    params = params or {"depth": number, "learning_rate": 0.1}
    return {"kind": "trial_started", "time": at, "number": number, "params": params, "tags": {"seed": "7"}}


def epoch(number: int, epoch: int, at: float | None = None, **metrics: float) -> Record:
    metrics = metrics or {"dev_loss": 1 / epoch, "dev_accuracy": number + epoch / 100}
    at = 3.0 + epoch if at is None else at
    return {"kind": "epoch", "time": at, "number": number, "epoch": epoch, "metrics": metrics}


def ended(number: int, status: str = "FINISHED", at: float = 50.0, **metrics: float) -> Record:
    return {
        "kind": "trial_ended",
        "time": at,
        "number": number,
        "status": status,
        "metrics": metrics or {"value": float(number)},
        "tags": {},
    }


def artifact(path: Path, number: int | None = None, folder: str = "") -> Record:
    return {"kind": "artifact", "time": 60.0, "path": str(path), "artifact_path": folder, "number": number}


def interrupted() -> Record:
    return {"kind": "interrupted", "time": 61.0}


def study_ended(status: str = "FINISHED", **metrics: float) -> Record:
    return {"kind": "study_ended", "time": 70.0, "status": status, "metrics": metrics, "tags": {}}


def whole_trial(number: int, epochs: int = 3, status: str = "FINISHED") -> list[Record]:
    return [started(number), *(epoch(number, n) for n in range(1, epochs + 1)), ended(number, status)]


def write(path: Path, records: Iterable[Record]) -> Path:
    """Append the records to the outbox at `path`."""
    outbox = Outbox(path)
    for record in records:
        outbox.append(record)
    outbox.close()
    return path


def follow(outbox: Path, connect: Callable[[Faults], StudyInMlflow], patience: float = 0.0) -> Counts | str:
    """Send all that a closed outbox holds."""
    closed = threading.Event()
    closed.set()
    log: list[str] = []
    faults = Faults(log.append)
    return Follower(outbox, lambda: connect(faults), faults, closed, log.append, patience).run()
