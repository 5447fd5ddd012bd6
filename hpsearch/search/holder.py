"""Who runs a study: a process of this machine or of another one, and whether it lives."""

from __future__ import annotations

import os
import socket
import time
from dataclasses import dataclass
from datetime import datetime

import psutil

CLOCK_SECONDS = 2.0  # by which the time when a process began moves where the clock is set
STALE_SECONDS = 10.0  # without a heartbeat, after which another coordinator may take the study


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that runs a study. `created` tells it from another one of its number; times are Unix seconds.

    `state` is "under way" or "paused"; `age` the seconds since its last heartbeat.
    """

    host: str
    pid: int
    created: float
    since: float
    state: str = "under way"
    age: float = 0.0

    @property
    def here(self) -> bool:
        """Whether it is a process of this machine."""
        return self.host == socket.gethostname()

    @property
    def alive(self) -> bool:
        """Whether it lives: asked of this machine, or, of another one, told by its heartbeat."""
        if not self.here:
            return self.age <= STALE_SECONDS
        try:
            return abs(psutil.Process(self.pid).create_time() - self.created) < CLOCK_SECONDS
        except psutil.Error:
            return False

    def __str__(self) -> str:
        began = datetime.fromtimestamp(self.since).isoformat(" ", "seconds")
        return f"process {self.pid} on {self.host}, since {began}"


def this_process() -> Holder:
    """What stands in locks and leases of this process."""
    return Holder(socket.gethostname(), os.getpid(), psutil.Process().create_time(), time.time())
