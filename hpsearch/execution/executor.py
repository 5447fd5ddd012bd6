"""The seam between search and training: what every executor does, wherever trials run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hpsearch.events import Assignment, Event


@dataclass(frozen=True, slots=True)
class Job:
    """All that a worker needs to know of a study: plain values.

    `stack` is the most trials in a stack, `weights` the folder for trained networks.
    """

    data: str
    split: Mapping[str, float]
    normalize: str
    data_seed: int
    model: str
    device: str
    stack: int
    weights: Path


class Executor(Protocol):
    """Trains trials and says what happened. It decides nothing and writes to no database.

    A trial's own events come in order: EpochEnded for each epoch, then TrialEnded or TrialFailed.
    """

    def submit(self, trial: Assignment, *, tick: int, until: int) -> None:
        """Begin a trial from its first epoch. It waits after epoch `until`; `tick` is its virtual start."""

    def extend(self, number: int, until: int) -> None:
        """Let a trial that was told to wait go on to a later epoch."""

    def stop(self, number: int) -> None:
        """Forget a trial; its place is free at once. Nothing for one that has ended."""

    def poll(self) -> list[Event]:
        """Events since the last call; waits, or trains, until there is one. Empty when nothing can go on."""

    def close(self) -> None:
        """Let go of everything."""
