"""A worker: it trains what it is told to on its device, says what came of it, and writes to no database.

Messages down: ``train`` (trials, with what is needed to make their networks; ``again`` those of the group before),
``give_up``, ``forget`` and ``close``. Up, for all but ``forget``: ``trained``, ``given_up`` and ``closed``.
"""

from __future__ import annotations

import logging
import math
import os
import threading
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from torch import Tensor

from hpsearch.events import Event, to_json
from hpsearch.execution.executor import Job
from hpsearch.execution.shelf import write_checkpoint, write_network
from hpsearch.execution.trainer import Trainer, fault
from hpsearch.execution.wire import Message, assignment_from_json, receive, send
from hpsearch.training.data.arrays import Dataset
from hpsearch.training.fit import BrokenOff

log = logging.getLogger("hpsearch")


def serve(connection: Connection, job: Job, data: Dataset, place: int) -> None:
    """Do what the coordinator says until it says ``close``. When it is gone, so is this process.

    `place` is the worker's among all workers: its events and its checkpoints say who trained an epoch.
    """
    Worker(connection, job, data, place).run()


class Worker:
    """One trainer at the end of a pipe."""

    def __init__(self, connection: Connection, job: Job, data: Dataset, place: int) -> None:
        self._connection = connection
        self._keeper = _Keeper(job.weights)
        self._said = _Said()
        log.handlers, log.propagate = [self._said], False
        self._trainer = Trainer(job, data, self._keeper, job.device, place)
        self._inbox: SimpleQueue[Message] = SimpleQueue()
        self._sending = threading.Lock()
        self._closing = False
        threading.Thread(target=self._listen, daemon=True).start()

    def run(self) -> None:
        while True:
            message = self._inbox.get()
            if message["do"] == "train":
                self._answer(self._train(message))
            elif message["do"] == "forget":
                self._trainer.forget(message["number"])
            else:
                self._trainer.close()
                self._answer({"say": "closed"})
                return

    def _listen(self) -> None:
        """In a thread of its own: while an epoch is trained, a dead coordinator is noticed, and trials are given up."""
        while True:
            try:
                message = receive(self._connection)
            except (EOFError, OSError):
                os._exit(1)
            self._keeper.room = message.get("room", self._keeper.room)
            self._closing |= message["do"] == "close"
            if message["do"] == "give_up":  # at once, for another worker is idle
                given = {number: self._trainer.give_up(number) for number in message["numbers"]}
                self._answer({"say": "given_up", "numbers": given})
            else:
                self._inbox.put(message)

    def _answer(self, answer: Message) -> None:
        with self._sending:
            saved, self._keeper.saved = self._keeper.saved, []
            warnings, self._said.warnings = self._said.warnings, []
            send(self._connection, {**answer, "saved": saved, "warnings": warnings, "busy": self._trainer.busy})

    def _train(self, message: Message) -> Message:
        """Make the networks that are not here, then train one epoch of those that may go on."""
        answer: Message = {
            "say": "trained",
            "began": {},
            "failed": {},
            "events": [],
            "fault": None,
            "late": False,
            "chosen": None,
        }
        group: list[int] = []
        self._trainer.end_by = math.inf if message["end_by"] is None else message["end_by"]
        for wanted in message["trials"]:
            number = wanted["number"]
            if wanted["again"] and not self._trainer.holds(number):
                continue  # it ended, or failed, in the epoch before
            try:
                if not self._trainer.holds(number):
                    answer["began"][number] = [to_json(e) for e in self._trainer.begin(assignment_from_json(wanted))]
            except Exception as error:  # as in an epoch
                answer["failed"][number] = _described(error)
                continue
            if self._trainer.epoch(number) < wanted["until"]:
                group.append(number)
        events: list[Event] = []
        try:
            if group and message["measure"]:
                answer["chosen"] = self._trainer.choose(group[0])
                group = group[: answer["chosen"][0]]
            if group and not self._closing:
                events = self._trainer.train(group)
        except BrokenOff:
            answer["late"] = True
        except Exception as error:  # whatever a user's network or data may raise is an event, not our end
            for number in group:
                self._trainer.forget(number)
            answer["fault"] = _described(error)
        return {**answer, "group": group, "events": [to_json(event) for event in events]}


class _Keeper:
    """Writes networks and checkpoints, and notes what it wrote: the coordinator keeps the books.

    `room` bytes may be written for checkpoints until the coordinator says otherwise.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self.room, self.saved = folder, 0, list[list[Any]]()

    def put_network(self, number: int, last: dict[str, Tensor], best: dict[str, Tensor] | None) -> None:
        self.saved.append(["network", number, write_network(self._folder, number, last, best, log.warning)])

    def put_checkpoint(self, number: int, *parts: bytes | memoryview) -> bool:
        size = sum(len(part) for part in parts)
        if size > self.room:
            self.saved.append(["no_room", number, size])
            return False
        if not write_checkpoint(self._folder, number, parts, log.warning):
            return False
        self.room -= size
        self.saved.append(["checkpoint", number, size])
        return True


class _Said(logging.Handler):
    """Keeps warnings for the coordinator, who says them to people."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.warnings: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.warnings.append(record.getMessage())


def _described(error: BaseException) -> list[str]:
    found = fault(error)
    return [found.failure.value, found.message, found.traceback]
