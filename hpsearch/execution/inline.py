"""Trials in the coordinator's own process, one stack at a time: the fastest on one core, and every test's twin."""

from __future__ import annotations

import time
import traceback
from dataclasses import dataclass

import torch

from hpsearch.events import Assignment, EpochEnded, Event, Failure, TrialEnded, TrialFailed
from hpsearch.execution.devices import resolve
from hpsearch.execution.executor import Job
from hpsearch.execution.packing import pack
from hpsearch.training import weights
from hpsearch.training.config import Config, Signature, configure, signature
from hpsearch.training.data.prepare import prepare
from hpsearch.training.fit import finite, train_epoch
from hpsearch.training.program import Program
from hpsearch.training.stack import Stack
from hpsearch.training.state import TrialState, begin


@dataclass(slots=True)
class _Trial:
    """A trial under way. `said` epochs were told already; `limit` is the largest stack it may train in."""

    number: int
    seed: int
    config: Config
    signature: Signature
    tick: int
    until: int
    state: TrialState
    limit: int
    said: int = 0
    stack: Stack | None = None


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
        data = prepare(job.data, job.split, job.normalize, job.data_seed)
        self._data = data.to(self._device, torch.float32)
        self._programs: dict[Signature, Program] = {}
        self._trials: dict[int, _Trial] = {}

    def submit(self, trial: Assignment, *, tick: int, until: int) -> None:
        config = configure(trial.values)
        kind = signature(config)
        state = begin(self._program(kind, config), trial.number, trial.seed, config)
        self._trials[trial.number] = _Trial(
            trial.number, trial.seed, config, kind, tick, until, state, limit=self._job.stack
        )

    def extend(self, number: int, until: int) -> None:
        self._trials[number].until = until

    def stop(self, number: int) -> None:
        self._trials.pop(number, None)

    def close(self) -> None:
        self._trials.clear()
        self._programs.clear()
        torch.set_num_threads(self._threads)

    def poll(self) -> list[Event]:
        while group := self._next_group():
            if events := self._advance(group):
                return events
        return []

    def _next_group(self) -> list[_Trial]:
        """The trials that train next, together; none when all wait for a decision."""
        ready = [t for t in self._trials.values() if t.state.epoch < t.until]
        if not ready:
            return []
        behind = min(ready, key=lambda t: (t.tick + t.state.epoch, t.number))
        mates = {t.number: t.signature for t in ready if (t.signature, t.limit) == (behind.signature, behind.limit)}
        return next([self._trials[n] for n in g] for g in pack(mates, behind.limit) if behind.number in g)

    def _program(self, kind: Signature, config: Config) -> Program:
        if kind not in self._programs:
            self._programs[kind] = Program(self._job.model, config, self._data)
        return self._programs[kind]

    def _advance(self, members: list[_Trial]) -> list[Event]:
        began = time.perf_counter()
        try:
            stack = self._stack(members)
            metrics = train_epoch(stack)
        except Exception as error:  # whatever a user's network or data may raise is an event, not our end
            return self._failed(members, error)
        share = (time.perf_counter() - began) / len(members)
        now = time.time()
        by_number = {trial.number: trial for trial in members}
        events: list[Event] = []
        for state, values in zip(stack.states, metrics, strict=True):
            events += self._say(by_number[state.number], values, now, share)
        return events

    def _stack(self, members: list[_Trial]) -> Stack:
        """The stack in which exactly these trained last, or a new one."""
        stack = members[0].stack
        numbers = tuple(trial.number for trial in members)
        if stack is None or stack.numbers != numbers or any(trial.stack is not stack for trial in members):
            stack = Stack(self._programs[members[0].signature], [trial.state for trial in members])
            for trial in members:
                trial.stack = stack
        return stack

    def _say(self, trial: _Trial, metrics: dict[str, float], now: float, seconds: float) -> list[Event]:
        epoch = trial.state.epoch
        ended = EpochEnded(trial.number, epoch, metrics, now, seconds)
        if not finite(metrics):
            del self._trials[trial.number]
            what = f"the loss was no longer finite in epoch {epoch}"
            return [TrialFailed(trial.number, epoch - 1, Failure.DIVERGED, what, spoilt=ended)]
        events: list[Event] = []
        if epoch > trial.said:
            trial.said = epoch
            events.append(ended)
        if epoch == trial.config.epochs:
            del self._trials[trial.number]
            events.append(TrialEnded(trial.number, epoch, self._save(trial)))
        return events

    def _save(self, trial: _Trial) -> str:
        path = weights.path(self._job.weights, trial.number)
        program = self._programs[trial.signature]
        weights.save(path, program.named_weights(trial.state.parameters, trial.state.buffers))
        return str(path)

    def _failed(self, members: list[_Trial], error: Exception) -> list[Event]:
        """A lone trial fails; a stack is taken apart, for one trial may have spoilt it for the others.

        Each begins again from its first epoch in smaller stacks (half for want of memory, else alone), which
        gives the same numbers, and says only what it has not said yet.
        """
        memory = is_out_of_memory(error)
        if len(members) == 1:
            trial = members[0]
            del self._trials[trial.number]
            kind = Failure.OUT_OF_MEMORY if memory else Failure.ERROR
            what = f"{type(error).__name__}: {error}".splitlines()[0]
            return [TrialFailed(trial.number, trial.said, kind, what, traceback.format_exc())]
        for trial in members:
            trial.limit = len(members) // 2 if memory else 1
            trial.stack = None
            program = self._programs[trial.signature]
            trial.state = begin(program, trial.number, trial.seed, trial.config)
        return []


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception says that memory, a GPU's or the machine's, did not suffice."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "can't allocate memory" in str(error)
