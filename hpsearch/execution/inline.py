"""Trials in the coordinator's own process, one stack at a time: the fastest on one core, and every test's twin."""

from __future__ import annotations

import time
import traceback
from collections.abc import Mapping

import torch

from hpsearch.events import Assignment, EpochEnded, Event, Failure, TrialEnded, TrialFailed
from hpsearch.execution.checkpoints import Checkpoints
from hpsearch.execution.devices import resolve
from hpsearch.execution.executor import Job
from hpsearch.execution.packing import pack
from hpsearch.execution.shelf import Shelf
from hpsearch.execution.under_way import UnderWay
from hpsearch.training.config import Config, Signature, configure, signature
from hpsearch.training.data.prepare import prepare
from hpsearch.training.fit import finite, train_epoch
from hpsearch.training.program import Program
from hpsearch.training.stack import Stack
from hpsearch.training.state import begin

MOST_IDLE = 8  # networks that no trial under way needs: kept, for the next trial may be of their kind


class InlineExecutor:
    """Always trains the stack that holds the trial furthest behind in virtual time, for one epoch a poll.

    One thread, because small stacks gain nothing from more, and because a result must not depend on
    how many cores there are.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._threads = torch.get_num_threads()
        torch.set_num_threads(1)
        self._device = resolve(job.device)
        data = prepare(job.data)
        self._data = data.to(self._device, torch.float32)
        self._programs: dict[Signature, Program] = {}
        self._trials: dict[int, UnderWay] = {}
        self._shelf = Shelf(job.weights, job.disk, job.direction)
        self._checkpoints = Checkpoints(job, self._data, self._shelf)
        self._midway: list[UnderWay] = []

    def submit(self, trial: Assignment, *, tick: int, until: int) -> None:
        config = configure(trial.values)
        self._trials[trial.number] = UnderWay(
            trial.number, trial.seed, config, signature(config), tick, until, limit=self._job.stack
        )

    def tidy(self, values: Mapping[int, float]) -> None:
        self._shelf.tidy(values, self._trials.keys())

    def extend(self, number: int, until: int) -> None:
        self._trials[number].until = until

    def stop(self, number: int, value: float | None = None) -> None:
        self._trials.pop(number, None)
        self._shelf.ended(number, value)

    def close(self) -> None:
        for trial in self._trials.values():
            # An epoch that was broken off leaves a network half updated.
            if trial not in self._midway:
                self._checkpoints.put(trial)
        self._trials.clear()
        self._programs.clear()
        torch.set_num_threads(self._threads)

    def poll(self) -> list[Event]:
        while True:
            events = [event for trial in list(self._trials.values()) for event in self._tell(trial)]
            if events or not (group := self._next_group()):
                return events
            new = [trial for trial in group if trial.state is None]
            if failures := self._begin(new) if new else self._advance(group):
                return failures

    def _next_group(self) -> list[UnderWay]:
        """The trials that train next, together; none when all wait for a decision."""
        ready = [t for t in self._trials.values() if t.ready]
        if not ready:
            return []
        behind = min(ready, key=lambda t: (t.tick + t.epoch, t.number))
        mates = {t.number: t.signature for t in ready if (t.signature, t.limit) == (behind.signature, behind.limit)}
        return next([self._trials[n] for n in g] for g in pack(mates, behind.limit) if behind.number in g)

    def _program(self, kind: Signature, config: Config) -> Program:
        if kind not in self._programs:
            wanted = {trial.signature for trial in self._trials.values()}
            idle = [known for known in self._programs if known not in wanted]
            for known in idle[: max(0, len(idle) - MOST_IDLE)]:
                del self._programs[known]
            self._programs[kind] = Program(self._job.model, config, self._data)
        return self._programs[kind]

    def _begin(self, members: list[UnderWay]) -> list[Event]:
        """Make each trial's network, as its checkpoint has it or as it is at first. Returns the failures."""
        failures: list[Event] = []
        for trial in members:
            began = time.perf_counter()
            try:
                program = self._program(trial.signature, trial.config)
                if (found := self._checkpoints.find(trial, program)) is not None:
                    trial.take_up(found)
                else:
                    trial.state = begin(program, trial.number, trial.seed, trial.config)
            except Exception as error:  # as in an epoch
                failures.append(self._fail(trial, error))
            trial.waiting += time.perf_counter() - began
        return failures

    def _advance(self, members: list[UnderWay]) -> list[Event]:
        """Train one epoch. Returns the failures."""
        began = time.perf_counter()
        self._midway = members
        try:
            stack = self._stack(members)
            metrics = train_epoch(stack)
        except Exception as error:  # whatever a user's network or data may raise is an event, not our end
            return self._failed(members, error)
        share = (time.perf_counter() - began) / len(members)
        now = time.time()
        by_number = {trial.number: trial for trial in members}
        failures: list[Event] = []
        for state, values in zip(stack.states, metrics, strict=True):
            failures += self._hear(by_number[state.number], values, now, share)
        self._midway = []
        for trial in members:
            if trial.number in self._trials and time.monotonic() - trial.saved_at >= self._job.every:
                self._checkpoints.put(trial)
        return failures

    def _stack(self, members: list[UnderWay]) -> Stack:
        """The stack in which exactly these trained last, or a new one."""
        stack = members[0].stack
        numbers = tuple(trial.number for trial in members)
        if stack is None or stack.numbers != numbers or any(trial.stack is not stack for trial in members):
            states = [trial.state for trial in members if trial.state is not None]
            stack = Stack(self._programs[members[0].signature], states)
            for trial in members:
                trial.stack = stack
        return stack

    def _hear(self, trial: UnderWay, metrics: dict[str, float], now: float, seconds: float) -> list[Event]:
        assert trial.state is not None
        epoch, signals = trial.state.epoch, trial.state.signals
        event = EpochEnded(trial.number, epoch, metrics, now, seconds + trial.waiting, signals)
        trial.waiting = 0.0
        if not finite(metrics):
            del self._trials[trial.number]
            what = f"the loss was no longer finite in epoch {epoch}"
            return [TrialFailed(trial.number, epoch - 1, Failure.DIVERGED, what, spoilt=event)]
        trial.hear(event, self._job.metric, self._job.direction)
        return []

    def _tell(self, trial: UnderWay) -> list[Event]:
        events: list[Event] = [*trial.tell()]
        if trial.told == trial.config.epochs and not trial.ended:
            trial.ended = True
            networks = trial.networks(self._programs[trial.signature], self._job.metric)
            self._shelf.put_network(trial.number, *networks)
            events.append(TrialEnded(trial.number, trial.told))
        return events

    def _fail(self, trial: UnderWay, error: Exception) -> TrialFailed:
        del self._trials[trial.number]
        kind = Failure.OUT_OF_MEMORY if is_out_of_memory(error) else Failure.ERROR
        what = f"{type(error).__name__}: {error}".splitlines()[0]
        return TrialFailed(trial.number, trial.told, kind, what, traceback.format_exc())

    def _failed(self, members: list[UnderWay], error: Exception) -> list[Event]:
        """A lone trial fails; a stack is taken apart, for one trial may have spoilt it for the others.

        Each begins again, from its checkpoint or its first epoch, in smaller stacks (half for want of memory, else
        alone), which gives the same numbers, and says only what it has not said yet.
        """
        if len(members) == 1:
            return [self._fail(members[0], error)]
        for trial in members:
            trial.limit = len(members) // 2 if is_out_of_memory(error) else 1
            trial.stack = trial.state = None
        return []


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception says that memory, a GPU's or the machine's, did not suffice."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "can't allocate memory" in str(error)
