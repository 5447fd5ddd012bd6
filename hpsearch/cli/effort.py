"""What a run cost: how much of the time the devices computed, and how much the rest took of it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from hpsearch.execution.executor import Usage
from hpsearch.reports.words import duration
from hpsearch.space.study_file import StudyFile


@dataclass(frozen=True, slots=True)
class Effort:
    """`seconds` is the time of the search, `busy` the share of it in which the devices computed (their mean).

    `bookkeeping` is the time that asking, telling, storing and MLflow's record took, as a share of `seconds`;
    `stack` the mean number of trials that trained together.
    """

    workers: int
    devices: tuple[str, ...]
    seconds: float
    busy: float
    bookkeeping: float
    epochs: int
    stack: float

    def line(self) -> str:
        """The same to be read."""
        kinds = ", ".join(f"{n} × {device}" for device, n in Counter(self.devices).items())
        return (
            f"devices: {kinds}, computing {self.busy:.1%} of {duration(self.seconds)}; "
            f"{self.stack:.1f} trials a stack; bookkeeping {self.bookkeeping:.1%}"
        )

    def to_json(self) -> Mapping[str, Any]:
        return {**asdict(self), "devices": list(self.devices)}


class Clock:
    """Starts with the search."""

    def __init__(self) -> None:
        self._began = time.perf_counter()

    def effort(self, usage: Usage, bookkeeping: float) -> Effort:
        """What it has taken up to now; `bookkeeping` in seconds."""
        seconds = max(1e-9, time.perf_counter() - self._began)
        workers = len(usage.devices)
        return Effort(
            workers=workers,
            devices=usage.devices,
            seconds=seconds,
            busy=sum(usage.busy) / workers / seconds,
            bookkeeping=bookkeeping / seconds,
            epochs=usage.epochs,
            stack=usage.epochs / max(1, usage.stacks),
        )


def opening_line(file: StudyFile, usage: Usage) -> str:
    """What will be searched, and on what."""
    trials = f"{file.total} trial{'' if file.total == 1 else 's'}"
    devices = ", ".join(f"{n} × {device}" for device, n in Counter(usage.devices).items())
    return f"{file.name}: {trials}, sampler {file.search.sampler}, pruner {file.search.pruner}, on {devices}"
