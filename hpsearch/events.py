"""What passes between search and training: an assignment goes down, events come up. All plain JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

Scalar = bool | int | float | str | None
Signals = Mapping[str, Sequence[float]]


class Failure(StrEnum):
    """Why a trial failed. The class decides what happens next; a study goes on after any of them."""

    DIVERGED = "diverged"  # loss not finite, or above a bound: counts as the worst value, so that the sampler learns
    OUT_OF_MEMORY = "out_of_memory"
    TIMEOUT = "timeout"
    CRASHED = "crashed"  # the worker died
    ERROR = "error"  # an exception, shown with its traceback


@dataclass(frozen=True, slots=True)
class Assignment:
    """One trial: its number, the values of all its active hyperparameters, and its seed.

    Training depends on `values` and `seed` alone; `number` is only a name.
    """

    number: int
    values: Mapping[str, Scalar]
    seed: int


@dataclass(frozen=True, slots=True)
class EpochEnded:
    """A trial has trained one more epoch. `epoch` counts from 1; `time` is Unix seconds.

    `signals` is what was measured inside the network in this epoch, a list for each name (mostly one value a
    layer, the first layer first); empty for most epochs. `worker` is the place, from 0, of the worker that trained it,
    and `stack` how many trials were trained together: neither may decide anything (laws 2 and 3).
    """

    number: int
    epoch: int
    metrics: Mapping[str, float]
    time: float
    seconds: float
    signals: Signals = field(default_factory=dict)
    worker: int = 0
    stack: int = 1


@dataclass(frozen=True, slots=True)
class TrialEnded:
    """A trial has trained all its epochs."""

    number: int
    epoch: int


@dataclass(frozen=True, slots=True)
class TrialFailed:
    """A trial could not go on after `epoch` whole epochs. `spoilt` is the next one, where it came to its end."""

    number: int
    epoch: int
    failure: Failure
    message: str
    traceback: str = ""
    spoilt: EpochEnded | None = None


Event = EpochEnded | TrialEnded | TrialFailed
_KINDS: dict[str, type[Event]] = {kind.__name__: kind for kind in (EpochEnded, TrialEnded, TrialFailed)}


def to_json(event: Event) -> dict[str, Any]:
    """The event as a dictionary that `json.dumps` takes; `from_json` undoes it."""
    return {"event": type(event).__name__, **asdict(event)}


def from_json(record: Mapping[str, Any]) -> Event:
    """The event that `to_json` wrote down. Raises KeyError for a kind that is not known."""
    fields = {key: value for key, value in record.items() if key != "event"}
    if "failure" in fields:
        fields["failure"] = Failure(fields["failure"])
        fields["spoilt"] = EpochEnded(**fields["spoilt"]) if fields["spoilt"] else None
    return _KINDS[record["event"]](**fields)


class Placement(NamedTuple):
    """From `epoch` on, up to the next placement, a trial was trained by `worker` among `stack` trials."""

    epoch: int
    worker: int
    stack: int


@dataclass(slots=True)
class History:
    """What a trial said epoch by epoch: for each metric a list, one value an epoch, and when each was known.

    `signals` holds, by epoch, what was measured inside the network; most epochs have none. `trained_by` has who trained
    it in what stacks, changes only; it is empty for trials of older versions, and for those that were trained nowhere.
    """

    metrics: dict[str, list[float]] = field(default_factory=dict)
    times: list[float] = field(default_factory=list)
    signals: dict[int, Signals] = field(default_factory=dict)
    trained_by: list[Placement] = field(default_factory=list)

    @property
    def epochs(self) -> int:
        return len(self.times)

    def add(self, event: EpochEnded) -> None:
        """Append an epoch. Raises ValueError where epochs would be skipped or doubled."""
        if event.epoch != self.epochs + 1:
            raise ValueError(f"trial {event.number}: epoch {event.epoch} came after epoch {self.epochs}")
        for name, value in event.metrics.items():
            self.metrics.setdefault(name, []).append(value)
        self.times.append(event.time)
        if event.signals:
            self.signals[event.epoch] = event.signals
        if not self.trained_by or self.trained_by[-1][1:] != (event.worker, event.stack):
            self.trained_by.append(Placement(event.epoch, event.worker, event.stack))
