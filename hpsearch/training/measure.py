"""How many trials of one signature train together: measured in a moment, on the device at hand.

A stack pays as long as calling kernels costs more than what they compute; how long that is depends on the network,
the batch and the machine. The choice changes no result, only how soon it is there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Literal, Protocol

from hpsearch.errors import raise_interrupt
from hpsearch.training.config import Config
from hpsearch.training.program import Program
from hpsearch.training.rehearsal import Clock, Cost, clock_for, rehearse, saving_bytes

Stopped = Literal["limit", "worse", "budget", "memory", "error"]

BUDGET = 0.3  # seconds
ALWAYS = 2  # sizes that are measured however long they take: one alone says nothing of stacks
MEMORY = (1, 2)  # sizes whose memory is measured: alone, kernels may do without copies that any stack makes
WORSE = 1.05  # times the best seconds a trial: larger stacks will not be better again
AS_GOOD = 1.03  # times the best: a smaller stack is filled again sooner, and takes less memory


@dataclass(frozen=True, slots=True)
class StackCost:
    """`size` trials of a kind train together best. `seconds` a trial and training step, by size of the stack.

    A stack of K takes K × `bytes_per_trial` + `bytes_once`. `stopped` says why no larger one was measured: the limit,
    no gain, the time, the memory, or a stack that failed.
    """

    size: int
    seconds: Mapping[int, float]
    bytes_per_trial: int
    bytes_once: int
    stopped: Stopped

    @property
    def speed(self) -> float:
        """How many times faster than one at a time."""
        return self.seconds[1] / self.seconds[self.size]

    def fitting(self, memory_bytes: float) -> int:
        """`size`, or as many trials as fit into so much memory; at least 1."""
        return max(1, min(self.size, int((memory_bytes - self.bytes_once) // self.bytes_per_trial)))

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {**asdict(self), "seconds": {str(size): seconds for size, seconds in self.seconds.items()}}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> StackCost:
        """What `to_dict` made. Raises KeyError, TypeError, ValueError or AttributeError for anything else."""
        seconds = {int(size): float(value) for size, value in plain["seconds"].items()}
        size, per_trial, once = (int(plain[key]) for key in ("size", "bytes_per_trial", "bytes_once"))
        if {1, size} - seconds.keys() or min(seconds.values()) <= 0 or per_trial < 1 or once < 0:
            raise ValueError("not a measurement")
        return cls(size, seconds, per_trial, once, plain["stopped"])


class Rehearse(Protocol):
    """Trains some steps of a stack of `size` and says what one costs; its bytes only where asked for `memory`."""

    def __call__(self, size: int, *, memory: bool) -> Cost: ...


def powers(limit: int) -> tuple[int, ...]:
    """The powers of two up to a limit of at least 1."""
    return tuple(2**n for n in range(limit.bit_length()))


def measure(
    program: Program,
    config: Config,
    sizes: Sequence[int],
    budget_seconds: float = BUDGET,
    memory_bytes: float = float("inf"),
    *,
    clock: Clock | None = None,
) -> StackCost:
    """Choose the size of stacks of trials like `config`, by real steps of throw-away trials.

    `sizes` ascend from 1. The first `ALWAYS` are measured where memory suffices, the others as long as each may be
    expected to end within the budget, by the clock of `clock_for` unless another is given. What is recorded stays
    with the program, and is there for training. Raises what training a trial alone would raise.
    """
    clock = clock or clock_for(program.device)
    run = partial(rehearse, program, config, clock=clock)
    if program.device.type == "cuda":
        run(1, memory=False)  # what PyTorch sets up for the first kernels on a GPU is no cost of a stack
    return _measured(run, sizes, budget_seconds, memory_bytes, saving_bytes(program), clock)


def choose(seconds: Mapping[int, float]) -> int:
    """The smallest size that is as good as the best one."""
    best = min(seconds.values())
    return min(size for size, value in seconds.items() if value <= AS_GOOD * best)


def _measured(
    run: Rehearse, sizes: Sequence[int], budget: float, memory: float, bytes_once: int, clock: Clock
) -> StackCost:
    seconds: dict[int, float] = {}
    per_trial, last, began = 1, 0.0, clock()
    stopped: Stopped = "limit"
    for size in sizes:
        start = clock()
        if seconds and size * per_trial + bytes_once > memory:
            stopped = "memory"
            break
        # As much longer than the one before as it is larger; but that one may have been measured for memory, too.
        longer = 1.0 if max(seconds, default=1) in MEMORY else size / max(seconds)
        if len(seconds) >= ALWAYS and start - began + last * longer > budget:
            stopped = "budget"
            break
        try:
            cost = run(size, memory=size in MEMORY)
        except Exception as error:
            raise_interrupt(error)
            if not seconds:
                raise
            stopped = "error"  # for want of memory, as a rule: smaller stacks will do
            break
        last = clock() - start
        seconds[size] = cost.seconds / size
        per_trial = max(per_trial, -(-(cost.bytes or 0) // size))
        if seconds[size] > WORSE * min(seconds.values()):
            stopped = "worse"
            break
    return StackCost(choose(seconds), seconds, per_trial, bytes_once, stopped)
