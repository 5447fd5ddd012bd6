"""The seam between search and training: what every executor does, wherever trials run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hpsearch.events import Assignment, Event, Scalar
from hpsearch.space.study_file import StudyFile
from hpsearch.training.data.arrays import Source


@dataclass(frozen=True, slots=True)
class Job:
    """All that a worker needs to know of a study: plain values.

    `device` is as in the study file, `stack` the most trials in a stack, or, where it is `measured`, the largest one
    that is tried; what comes of it is kept in the file `sizes`. `weights` is the folder for networks and checkpoints,
    which may take `disk` bytes. `metric` and `direction` say which epoch of a trial is its best. A
    trial under way gets a checkpoint at the end of an epoch when its last one is `every` seconds old, and fails
    once it has trained for `longest` seconds. There are `workers` of them. `precision` is a name of the registry.
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
    workers: int = 1
    longest: float | None = None
    precision: str = "float32"
    measured: bool = False
    sizes: Path | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """Data that a study can be run on: their fingerprint, what is to be warned of, and how many samples are trained on.

    A warning is a sentence.
    """

    fingerprint: str
    warnings: tuple[str, ...]
    samples: int


@dataclass(frozen=True, slots=True)
class Usage:
    """What the devices did: the device of each worker, the seconds in which each computed, epochs, and stacks.

    `epochs` counts trained epochs of trials, `stacks` those of stacks: their ratio is the mean size of a stack.
    `kinds` has the size of stack that was chosen for each kind of network, and how many times faster than alone it is.
    `waited` are seconds of workers that had nothing to do while trials waited for their turn in the order of decisions.
    """

    devices: tuple[str, ...]
    busy: tuple[float, ...]
    epochs: int = 0
    stacks: int = 0
    kinds: tuple[tuple[int, float], ...] = ()
    waited: float = 0.0


def together(one: Usage, other: Usage) -> Usage:
    """What two executors did for the same job, one after the other."""
    return Usage(
        other.devices,
        tuple(a + b for a, b in zip(one.busy, other.busy, strict=True)),
        one.epochs + other.epochs,
        one.stacks + other.stacks,
        max(one.kinds, other.kinds, key=len),
        one.waited + other.waited,
    )


class Executor(Protocol):
    """Trains trials and says what happened. It decides nothing and writes to no database.

    A trial's own events come in order: EpochEnded for each epoch, then TrialEnded or TrialFailed.
    """

    def check(self, file: StudyFile) -> Checked:
        """Whether the study can be run on the data. Raises InputError; nothing has been written so far."""

    def costs(self, values: Mapping[str, Scalar]) -> Mapping[str, int]:
        """What the network of a trial with these values costs, by the registry's names; no network is trained.

        What cannot be counted is left out.
        """

    def submit(self, trial: Assignment, *, tick: int, until: int, ticks: int = 1) -> None:
        """Begin a trial, or go on with it from its checkpoint; epochs from before are told again, as they were.

        It waits after epoch `until`; `tick` is its virtual start, and each epoch takes so many `ticks`.
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

    def poll(self, until: float | None = None) -> list[Event]:
        """Events since the last call; waits, or trains, until there is one.

        Empty when nothing can go on, or when the monotonic clock has passed `until`.
        """

    def usage(self) -> Usage:
        """What the devices have done so far."""

    def end_by(self, when: float) -> None:
        """Break off what is under way when the monotonic clock passes `when`: these epochs are trained next time.

        The first epoch comes to its end in any case, so that a study gets on however short its time is.
        """

    def close(self) -> None:
        """Save the trials under way, and let go of everything. Epochs that have begun come to their end before.

        A second time does nothing.
        """
