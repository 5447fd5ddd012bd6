"""Messages between the coordinator and its processes: JSON over a pipe, so that nothing is ever unpickled."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from hpsearch.events import Assignment
from hpsearch.execution.executor import Job
from hpsearch.training.data.arrays import Source

Message = dict[str, Any]


def send(connection: Connection, message: Mapping[str, Any]) -> None:
    """Raises OSError where nobody is at the other end."""
    connection.send_bytes(json.dumps(message, separators=(",", ":")).encode())


def receive(connection: Connection) -> Message:
    """The next message. Raises EOFError where the other end is gone."""
    try:
        message: Message = json.loads(connection.recv_bytes())
    except ConnectionError as error:
        raise EOFError from error
    return message


def job_to_json(job: Job) -> Message:
    return {**asdict(job), "weights": str(job.weights)}


def job_from_json(message: Mapping[str, Any]) -> Job:
    source: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in message["data"].items()}
    return Job(**{**message, "data": Source(**source), "weights": Path(message["weights"])})


def assignment_to_json(trial: Assignment) -> Message:
    return {"number": trial.number, "values": dict(trial.values), "seed": trial.seed}


def assignment_from_json(message: Mapping[str, Any]) -> Assignment:
    return Assignment(message["number"], message["values"], message["seed"])
