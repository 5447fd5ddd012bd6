"""What a run cost: how much of the time the devices computed, and how much the rest took of it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import geometric_mean
from typing import Any

from hpsearch.execution.executor import Usage
from hpsearch.reports.words import counted, duration, tally
from hpsearch.space.study_file import StudyFile

MUCH_WAITING = 0.03  # of the workers' time
UNLIKE = 3.0  # times the cost, from where on ticks by cost save something
UNLEARNED = ("grid", "random", "qmc")  # samplers that look at no results


@dataclass(frozen=True, slots=True)
class Effort:
    """`seconds` is the time of the search, `busy` the share of it in which the devices computed (their mean).

    `bookkeeping` is the time that asking, telling, storing and MLflow's record took, as a share of `seconds`;
    `mirror` the part of it that MLflow's process took of the processor, beside training: in a short study, its start;
    `stack` the mean number of trials that trained together. `waiting` is the share of the workers' time in which they
    had nothing to do because results waited for their turn (None for one worker, and where nothing waits): what is
    idle beside it is start, end and imbalance.
    """

    workers: int
    devices: tuple[str, ...]
    seconds: float
    busy: float
    bookkeeping: float
    epochs: int
    stack: float
    kinds: tuple[tuple[int, float], ...] = ()
    waiting: float | None = None
    mirror: float = 0.0

    def line(self) -> str:
        """The same to be read."""
        order = "" if self.waiting is None else f"; waiting for the order {self.waiting:.1%}"
        return (
            f"devices: {tally(self.devices)}, computing {self.busy:.1%} of {duration(self.seconds)}; "
            f"{self.stack:.1f} trials a stack; "
            f"bookkeeping {self.bookkeeping - self.mirror:.1%}, beside it MLflow's process {self.mirror:.1%}{order}"
        )

    def to_json(self) -> Mapping[str, Any]:
        return {**asdict(self), "devices": list(self.devices), "kinds": [list(kind) for kind in self.kinds]}


class Clock:
    """Starts with the search."""

    def __init__(self) -> None:
        self._began = time.perf_counter()

    def leave_out(self, seconds: float) -> None:
        """This time is none of the search."""
        self._began += seconds

    def effort(self, usage: Usage, deciding: float, mirror: float = 0.0, order: str = "exact") -> Effort:
        """What it has taken up to now: `deciding` and MLflow's process in seconds, `order` as in the study file."""
        seconds = max(1e-9, time.perf_counter() - self._began)
        workers = len(usage.devices)
        return Effort(
            workers=workers,
            devices=usage.devices,
            seconds=seconds,
            busy=sum(usage.busy) / workers / seconds,
            bookkeeping=(deciding + mirror) / seconds,
            epochs=usage.epochs,
            stack=usage.epochs / max(1, usage.stacks),
            kinds=usage.kinds,
            waiting=usage.waited / workers / seconds if workers > 1 and order == "exact" else None,
            mirror=mirror / seconds,
        )


def stacks_line(kinds: Sequence[tuple[int, float]], enough: int | None = None) -> str:
    """A sentence on the stacks that were measured: (size, times the speed of one alone) of each; empty for none.

    `enough` is how many slots would do where no stack is made, if the study has more.
    """
    if not kinds:
        return ""
    said = counted(len(kinds), "kind") + " of network"
    least, most = min(size for size, _ in kinds), max(size for size, _ in kinds)
    if most == 1:
        advice = "" if enough is None else f"; with search.slots: {enough}, proposals would know more results"
        return f"stacks: {said}, trained one trial at a time: together they are no faster here{advice}"
    size = f"{most}" if least == most else f"{least} to {most}"
    speed = geometric_mean(speed for _, speed in kinds)
    return f"stacks: {said}, {size} trials each, {speed:.1f} times the speed of one at a time"


def enough_slots(file: StudyFile, workers: int) -> int | None:
    """How many keep so many workers busy where each trains one trial; None if there are no more, or no use in fewer."""
    enough = max(4, 2 * workers)
    learns = any(part.name not in UNLEARNED for part in file.search.sampler.parts)
    return enough if learns and file.search.slots > enough else None


def order_line(effort: Effort, file: StudyFile, ticks: Sequence[int]) -> str:
    """Advice where workers waited long and ticks by cost would let them wait less; empty where not.

    `ticks` are what the epochs of the study's trials are predicted to cost.
    """
    if (effort.waiting or 0.0) < MUCH_WAITING or file.search.ticks == "cost":
        return ""
    unlike = max(ticks, default=1) / min(ticks, default=1)
    if unlike < UNLIKE:
        return ""
    return (
        f"order: some networks cost {unlike:.0f} times as much as others; "
        "in a new study with search.ticks: cost, workers would wait less"
    )


def opening_line(file: StudyFile, usage: Usage) -> str:
    """What will be searched, and on what."""
    asked = f"sampler {file.search.sampler}, pruner {file.search.pruner}"
    return f"{file.name}: {counted(file.total, 'trial')}, {asked}, on {tally(usage.devices)}"
