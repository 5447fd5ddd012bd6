"""The coordinator's side of its processes: hosts that fork workers, and the pipe to each worker."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.reduction import send_handle
from pathlib import Path

from hpsearch.errors import HpsearchError, InputError
from hpsearch.events import Scalar
from hpsearch.execution.devices import only
from hpsearch.execution.executor import Checked, Job
from hpsearch.execution.progress import Progress
from hpsearch.execution.wire import Message, job_to_json, receive, send
from hpsearch.space.study_file import StudyFile

_ONE_THREAD = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass(slots=True, eq=False)
class Worker:
    """One worker process. `groups` are what it was told to train, the first one under way since `since` (monotonic).

    `giving_up` are the trials that it was asked to save for another one.
    """

    place: int
    device: str
    process: int
    connection: Connection
    groups: list[list[Progress]] = field(default_factory=list)
    giving_up: list[Progress] = field(default_factory=list)
    since: float = 0.0
    closed: bool = False

    def say(self, message: Message) -> None:
        """To a worker that is dead, nothing is said: its pipe tells so."""
        with suppress(OSError):
            send(self.connection, message)

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.process, signal.SIGKILL)


class Host:
    """The process behind one device's workers. Starting it does not wait for it."""

    def __init__(self, job: Job, device: str, log: Path) -> None:
        """`log` takes what PyTorch and a user's code print, from the first worker on."""
        self.device, self._log = device, log
        self._early = tempfile.TemporaryFile()  # noqa: SIM115  # until the data are found to be good, nothing is written
        ours, theirs = socket.socketpair()
        with theirs:
            environment = {**os.environ, **dict.fromkeys(_ONE_THREAD, "1")}
            environment["CUDA_VISIBLE_DEVICES"], name = only(device)  # before PyTorch is imported
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "hpsearch.execution.host", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=self._early,
                stderr=self._early,
                env=environment,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C in the terminal is not for it
            )
        self._control = Connection(ours.detach())
        send(self._control, job_to_json(job) | {"device": name})

    def check(self, file: StudyFile) -> Checked:
        """What the data say to the study. Raises InputError."""
        answer = self._ask({"do": "check", "file": file.to_dict()})
        return Checked(answer["fingerprint"], tuple(answer["warnings"]), answer["samples"])

    def costs(self, values: Mapping[str, Scalar]) -> Mapping[str, int]:
        """What a network of these values costs."""
        answer: Mapping[str, int] = self._ask({"do": "costs", "values": dict(values)})["costs"]
        return answer

    def fork(self, place: int) -> Worker:
        """A new worker, ready at once. Raises HpsearchError where the host is dead."""
        ours, theirs = socket.socketpair()
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with ours, theirs:
            try:
                send(self._control, {"do": "fork", "place": place, "log": str(self._log.resolve())})
                send_handle(self._control, theirs.fileno(), self._process.pid)
            except OSError as error:
                raise self._dead() from error
            process = self._answer()["worker"]
            return Worker(place, self.device, process, Connection(ours.detach()), since=time.monotonic())

    def close(self) -> None:
        """Let it end; its workers live on."""
        self._control.close()
        self._early.close()

    def wait(self) -> None:
        """Return when it is gone; it is killed where it does not go."""
        try:
            self._process.wait(5.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _ask(self, message: Message) -> Message:
        try:
            send(self._control, message)
        except OSError as error:
            raise self._dead() from error
        return self._answer()

    def _answer(self) -> Message:
        try:
            answer = receive(self._control)
        except (EOFError, OSError) as error:
            raise self._dead() from error
        if "wrong" in answer:
            raise InputError(answer["wrong"], hint=answer["hint"])
        return answer

    def _dead(self) -> HpsearchError:
        self._early.seek(0)
        said = self._early.read().decode(errors="replace").strip().splitlines()
        why = said[-1] if said else f"{self._log} may say why"
        return HpsearchError(f"the process that starts workers on {self.device} died: {why}")
