"""The seam between search and training: what every executor does, wherever trials run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hpsearch.events import Assignment, Event
from hpsearch.training.data.arrays import Source


@dataclass(frozen=True, slots=True)
class Job:
    """All that a worker needs to know of a study: plain values.

    `stack` is the most trials in a stack, `weights` the folder for networks and checkpoints, which may take `disk`
    bytes. `metric` and `direction` say which epoch of a trial is its best. A trial under way gets a checkpoint
    at the end of an epoch when its last one is `every` seconds old. `precision` is a name of the registry.
    """

    data: Source
    model: str
    device: str
    stack: int
    weights: Path
    metric: str
    direction: str
    every: float
    disk: int
    precision: str = "float32"


class Executor(Protocol):
    """Trains trials and says what happened. It decides nothing and writes to no database.

    A trial's own events come in order: EpochEnded for each epoch, then TrialEnded or TrialFailed.
    """

    def submit(self, trial: Assignment, *, tick: int, until: int) -> None:
        """Begin a trial, or go on with it from its checkpoint; epochs from before are told again, as they were.

        It waits after epoch `until`; `tick` is its virtual start.
        """

    def tidy(self, values: Mapping[int, float]) -> None:
        """Remove what an earlier run left behind, but for what the submitted trials go on from.

        Of the networks, those of finished trials stay that have a value, as far as the disk budget allows.
        """

    def extend(self, number: int, until: int) -> None:
        """Let a trial that was told to wait go on to a later epoch."""

    def stop(self, number: int, value: float | None = None) -> None:
        """Forget a trial, whether it has ended or not: its place is free at once, and its checkpoint goes.

        Its network stays if it has a `value`, as far as the disk budget allows: the best trial's always.
        """

    def poll(self) -> list[Event]:
        """Events since the last call; waits, or trains, until there is one. Empty when nothing can go on."""

    def close(self) -> None:
        """Save the trials under way, and let go of everything. A second time does nothing."""
