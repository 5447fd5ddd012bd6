"""The process behind the workers of one device: it imports PyTorch and prepares the data once, and forks them.

A fork shares all that with the host, so a worker is there in milliseconds, the first one as well as the one that
replaces a dead one. The host never touches the device: of a GPU, its environment lets it see no other, and each
worker makes a context of its own.

    python -m hpsearch.execution.host DESCRIPTOR
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.reduction import recv_handle

import torch

from hpsearch import registry
from hpsearch.errors import InputError
from hpsearch.execution.executor import Job
from hpsearch.execution.suitability import check
from hpsearch.execution.wire import Message, job_from_json, receive, send
from hpsearch.execution.worker import serve
from hpsearch.leaving import leave
from hpsearch.space.study_file import StudyFile
from hpsearch.training.config import configure
from hpsearch.training.costs import costs
from hpsearch.training.data.arrays import Dataset
from hpsearch.training.data.prepare import prepare

SELDOM = 20_000  # objects between two looks for garbage


def main() -> int:
    """Run as a process, until the coordinator is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the coordinator, which then ends this
    torch.set_num_threads(1)
    control = Connection(int(sys.argv[1]))
    with suppress(EOFError, OSError):
        _Host(control, job_from_json(receive(control))).run()
    with suppress(ChildProcessError):
        while True:  # until all are gone: so their time counts as ours
            os.wait()
    return 0


class _Host:
    def __init__(self, control: Connection, job: Job) -> None:
        self._control, self._job = control, job
        self._wrong: Message | None = None
        self._shared: Dataset | None = None
        try:
            self._data = prepare(job.data)
        except InputError as error:
            self._wrong = _told(error)

    def run(self) -> None:
        """Answer one message after the other. Raises EOFError when the coordinator is gone."""
        while True:
            message = receive(self._control)
            with suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            if self._wrong is not None:
                send(self._control, self._wrong)
            elif message["do"] == "check":
                send(self._control, self._checked(message))
            elif message["do"] == "costs":
                shapes = self._data.inputs, self._data.outputs
                send(self._control, {"costs": costs(self._job.model, configure(message["values"]), *shapes)})
            else:
                send(self._control, {"worker": self._fork(message)})

    def _checked(self, message: Message) -> Message:
        try:
            warnings = check(StudyFile.model_validate(message["file"]), self._data)
        except InputError as error:
            return _told(error)
        return {"fingerprint": self._data.fingerprint, "warnings": warnings, "samples": len(self._data.train_y)}

    def _fork(self, message: Message) -> int:
        """Begin a worker on the descriptor that comes next; returns its process number."""
        descriptor = recv_handle(self._control)
        if self._shared is None:
            self._shared = self._data.to("cpu", registry.load("precision", self._job.precision).dtype)
            log = os.open(message["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            os.dup2(log, 1)
            os.dup2(log, 2)
        gc.freeze()  # what is there now is there for good: nobody need look through it for garbage
        gc.set_threshold(SELDOM)
        worker = os.fork()
        if worker:
            os.close(descriptor)
            return worker
        status = 1
        try:
            self._control.close()
            serve(Connection(descriptor), self._job, self._shared, message["place"])
            status = 0
        except BaseException:  # it must not go on as a second host
            sys.excepthook(*sys.exc_info())
        finally:
            leave(status)


def _told(error: InputError) -> Message:
    return {"wrong": error.what, "hint": error.hint}


if __name__ == "__main__":
    leave(main())
