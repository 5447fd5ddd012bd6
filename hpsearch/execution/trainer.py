"""Networks on one device, and their training: what runs in the coordinator's process, or in a worker's."""

from __future__ import annotations

import math
import time
import traceback
from collections.abc import Sequence
from threading import RLock

import torch

from hpsearch import registry
from hpsearch.errors import raise_interrupt
from hpsearch.events import Assignment, EpochEnded, Event, Failure, TrialFailed
from hpsearch.execution.checkpoints import Checkpoints, Keeper
from hpsearch.execution.executor import Job
from hpsearch.execution.memory import available_bytes
from hpsearch.execution.schedule import Fault
from hpsearch.execution.stack_sizes import StackSizes, identity
from hpsearch.execution.under_way import UnderWay
from hpsearch.training.config import Config, Signature, configure, signature
from hpsearch.training.data.arrays import Dataset
from hpsearch.training.divergence import divergence
from hpsearch.training.fit import BrokenOff, train_epoch
from hpsearch.training.measure import measure
from hpsearch.training.precision import Precision
from hpsearch.training.program import Program
from hpsearch.training.stack import Stack
from hpsearch.training.state import begin

MOST_IDLE = 8  # networks that no trial here needs: kept, for the next trial may be of their kind


class Trainer:
    """Makes networks, trains any group of one kind for one epoch, saves what is to be saved. It chooses nothing."""

    def __init__(self, job: Job, data: Dataset, keeper: Keeper, device: str, place: int = 0) -> None:
        """`data` is on the CPU as yet. `keeper` takes networks and checkpoints; `place` is the worker's, for events."""
        self._precision: Precision = registry.load("precision", job.precision)
        self._precision.set_up(device)
        data = data.to(device, self._precision.dtype)
        self._job, self._data, self._keeper, self._device, self._place = job, data, keeper, device, place
        self._sizes = StackSizes(job.sizes, identity(device, job.precision), job.stack)
        self._programs: dict[Signature, Program] = {}
        self._held: dict[int, UnderWay] = {}
        self._midway: set[int] = set()
        self._checkpoints = Checkpoints(job, data, keeper)
        self._lock = RLock()  # a worker gives trials up in one thread while it trains others in another
        self._seconds: dict[Signature, float] = {}  # of a trial's last epoch, by kind
        self.end_by = math.inf
        """When on the monotonic clock an epoch is broken off; not the first one, or a short time would never do."""
        self.busy = 0.0
        """Seconds spent in making, training and scoring networks."""

    def holds(self, number: int) -> bool:
        """Whether this trial's network is here."""
        return number in self._held

    def epoch(self, number: int) -> int:
        """How many epochs the trial's network is trained."""
        return self._held[number].epoch

    def begin(self, trial: Assignment) -> list[EpochEnded]:
        """Make a trial's network, as its checkpoint has it, or as it is at first; returns the epochs behind it."""
        began = time.perf_counter()
        config = configure(trial.values)
        with self._lock:
            program = self._program(signature(config), config)
        found = self._checkpoints.find(trial.number, trial.seed, config, program)
        state = begin(program, trial.number, trial.seed, config) if found is None else found.state
        here = UnderWay(trial.number, trial.seed, config, signature(config), state)
        if found is not None:
            here.take_up(found)
        self._held[trial.number] = here
        here.waiting = time.perf_counter() - began
        self.busy += here.waiting
        if here.over:
            self._put_network(here)
        return here.past[:]

    def train(self, numbers: Sequence[int]) -> list[Event]:
        """Train one epoch: an event for each, EpochEnded or, where it has diverged, TrialFailed.

        Raises BrokenOff where it would not come to its end before `end_by`, and where it did not, whose
        networks `close` does not save.
        Whatever a network or the data may raise leaves these networks half updated: `forget` them.
        """
        members = [self._held[number] for number in numbers]
        began = time.perf_counter()
        kind = members[0].signature
        end_by = self.end_by if self._seconds else math.inf
        if time.monotonic() + self._seconds.get(kind, 0.0) * len(members) > end_by:
            raise BrokenOff
        self._midway = set(numbers)
        with self._lock:
            stack = self._stack(members)
        metrics = train_epoch(stack, lambda: time.monotonic() > end_by)
        passed = time.perf_counter() - began
        self._seconds[kind] = passed / len(members)
        self.busy += passed
        now, share = time.time(), passed / len(members)
        with self._lock:
            told = zip(stack.states, metrics, strict=True)
            events = [self._hear(state.number, m, now, share, len(members)) for state, m in told]
            self._midway = set()
            for trial in [trial for trial in members if trial.number in self._held]:
                if trial.over:
                    self._put_network(trial)
                elif time.monotonic() - trial.saved_at >= self._job.every:
                    self._checkpoints.put(trial)
        return events

    def choose(self, number: int) -> tuple[int, float]:
        """How many trials like this one should train together here, and how many times faster that is than alone.

        It is measured at the first time. Raises what training may raise.
        """
        began = time.perf_counter()
        trial = self._held[number]
        memory = available_bytes(self._device, self._job.workers)
        cost = self._sizes.known(self._job.model, trial.signature, self._data)
        if cost is None:
            program = self._programs[trial.signature]
            cost = measure(program, trial.config, self._sizes.sizes, memory_bytes=memory)
            self._sizes.put(self._job.model, trial.signature, self._data, cost)
        trial.waiting += time.perf_counter() - began
        self.busy += time.perf_counter() - began
        return cost.fitting(memory), cost.speed

    def forget(self, number: int) -> None:
        """Let go of a trial's network, if it is here."""
        with self._lock:
            self._held.pop(number, None)
            self._midway.discard(number)

    def give_up(self, number: int) -> bool:
        """Save a checkpoint of a trial and let go of its network; False, and it stays, where it can't be saved."""
        with self._lock:
            if (trial := self._held.get(number)) is None:
                return True
            self._checkpoints.put(trial)
            if trial.saved < trial.epoch:
                return False
            self.forget(number)
            return True

    def close(self) -> None:
        """Save what was trained; an epoch that was broken off leaves a network half updated, which is not saved."""
        for trial in self._held.values():
            if trial.number not in self._midway:
                self._checkpoints.put(trial)
        self._held.clear()
        self._programs.clear()

    def _program(self, kind: Signature, config: Config) -> Program:
        if kind not in self._programs:
            wanted = {trial.signature for trial in self._held.values()}
            idle = [known for known in self._programs if known not in wanted]
            for known in idle[: max(0, len(idle) - MOST_IDLE)]:
                del self._programs[known]
            self._programs[kind] = Program(self._job.model, config, self._data, self._precision)
        return self._programs[kind]

    def _stack(self, members: Sequence[UnderWay]) -> Stack:
        """The stack in which exactly these trained last, or a new one."""
        stack = members[0].stack
        numbers = tuple(sorted(trial.number for trial in members))
        if stack is None or stack.numbers != numbers or any(trial.stack is not stack for trial in members):
            stack = Stack(self._programs[members[0].signature], [trial.state for trial in members])
            for trial in members:
                trial.stack = stack
        return stack

    def _hear(self, number: int, metrics: dict[str, float], now: float, seconds: float, stack: int) -> Event:
        trial = self._held[number]
        epoch, signals = trial.epoch, trial.state.signals
        event = EpochEnded(number, epoch, metrics, now, seconds + trial.waiting, signals, self._place, stack)
        trial.waiting = 0.0
        if wrong := divergence(metrics):
            self.forget(number)
            return TrialFailed(number, epoch - 1, Failure.DIVERGED, f"{wrong} in epoch {epoch}", spoilt=event)
        trial.hear(event, self._job.metric, self._job.direction)
        return event

    def _put_network(self, trial: UnderWay) -> None:
        networks = trial.networks(self._programs[trial.signature], self._job.metric)
        self._keeper.put_network(trial.number, *networks)


def fault(error: BaseException) -> Fault:
    """What went wrong, to be called where it is caught. Raises KeyboardInterrupt where it comes from one."""
    raise_interrupt(error)
    kind = Failure.OUT_OF_MEMORY if is_out_of_memory(error) else Failure.ERROR
    what = f"{type(error).__name__}: {error}".splitlines()[0]
    return Fault(kind, what, traceback.format_exc())


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception says that memory, a GPU's or the machine's, did not suffice."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "can't allocate memory" in str(error)
