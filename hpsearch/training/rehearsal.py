"""A few real training steps of a stack of throw-away trials: what a step costs, before a search trains in earnest.

It runs the one training loop, on the program's own kernels, so what is recorded here is replayed by training.
Nothing of a trial's results can change: no state is shared with one, and no random number is drawn twice.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor

from hpsearch import registry
from hpsearch.training.config import Config
from hpsearch.training.fit import train_epoch
from hpsearch.training.layout import fans
from hpsearch.training.live_bytes import peak_bytes
from hpsearch.training.optimizers import Optimizer
from hpsearch.training.program import EVALUATION_ROWS, Program
from hpsearch.training.stack import Stack
from hpsearch.training.state import TrialState

EPOCH = 2  # epochs done, so that the next one is not probed
LEAST, MOST = 3, 12  # steps that are timed, one less where they take LONG seconds
ENOUGH, LONG = 0.015, 0.1  # seconds of timed steps
BLOCK = 8  # steps between two looks at the clock on a GPU: each look waits for it
SCORE_BYTES = 48  # for each output of each dev sample while all metrics are computed, in double precision

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Cost:
    """`seconds` a training step of the whole stack takes; `bytes` that it takes, or None where not asked for."""

    seconds: float
    bytes: int | None


def rehearse(program: Program, config: Config, size: int, *, memory: bool, clock: Clock) -> Cost:
    """What a step of a stack of `size` such trials costs. Raises what training it would raise."""
    stack = Stack(program, _states(program, config, size))
    taken = _stack_bytes(stack, clock) if memory else None
    seconds: list[float] = []
    while not _enough(seconds):
        _steps(stack, clock, seconds, _enough)
    # The first one may have been recorded; of the others the fastest, for what disturbs only ever adds.
    return Cost(min(seconds[1:]), taken)


def clock_for(device: torch.device) -> Clock:
    """The clock by which steps on a device are compared, in seconds.

    One thread on the CPU counts its own time: whoever else keeps the machine busy does not bend the choice.
    """
    return time.thread_time if device.type == "cpu" and torch.get_num_threads() == 1 else time.perf_counter


def trial_bytes(program: Program) -> int:
    """Bytes of all that outlives a step, for each trial of a stack, with the optimizer that keeps most.

    Parameters, their gradient, scratch, the optimizer's moments, buffers; and the best epoch's parameters and buffers.
    """
    parameters, buffers = program.parameters.size, program.buffers.size
    return program.dtype.itemsize * ((4 + _slots()) * parameters + 2 * buffers)


def saving_bytes(program: Program) -> int:
    """Bytes that one trial's checkpoint takes while it is written: a copy, and the file's content."""
    parameters, buffers = program.parameters.size, program.buffers.size
    return 2 * program.dtype.itemsize * ((2 + _slots()) * parameters + 2 * buffers)


def _slots() -> int:
    rules: list[Optimizer] = [registry.load("optimizer", name) for name in registry.names("optimizer")]
    return max(rule.slots for rule in rules)


def _enough(seconds: list[float]) -> bool:
    timed = seconds[1:]
    if len(timed) >= LEAST:
        return len(timed) >= MOST or sum(timed) >= ENOUGH
    return len(timed) == LEAST - 1 and sum(timed) >= LONG


def _states(program: Program, config: Config, size: int) -> list[TrialState]:
    """Trials with weights of a sensible size: those of `begin` take longer, with pretraining far longer."""
    first = {name: tensor.clone() for name, tensor in program.network.state_dict().items()}
    rng = torch.Generator(program.device).manual_seed(0)
    for name, shape in zip(program.parameters.names, program.parameters.shapes, strict=True):
        if len(shape) >= 2:
            first[name].normal_(0, 1 / math.sqrt(fans(shape)[0]), generator=rng)
    parameters, buffers = program.parameters.vector(first), program.buffers.vector(first)
    moments = parameters.new_zeros(registry.load("optimizer", config.optimizer).slots, parameters.numel())
    longer = replace(config, epochs=config.epochs + 2 * EPOCH)  # not its last epoch either
    return [TrialState(n, n, longer, EPOCH, parameters, buffers, moments) for n in range(size)]


def _stack_bytes(stack: Stack, clock: Clock) -> int:
    """Bytes of the stack in training, checkpoints left out."""
    program, data = stack.program, stack.program.data
    known = [stack.parameters, stack.buffers, stack.gradient, stack.scratch, *(f.moments for f in stack.families)]
    known += [data.train_x, data.train_y, data.dev_x, data.dev_y]
    size = len(stack.states)
    one_step = partial(_steps, stack, clock, [], bool)
    outputs = size * len(data.dev_y) * data.outputs
    # An epoch holds each trial's order and labels.
    epoch = size * 2 * torch.int64.itemsize * len(data.train_y)
    step = epoch + peak_bytes(one_step, program.device, known)
    lot = peak_bytes(partial(_evaluate, stack), program.device, known) + 2 * program.dtype.itemsize * outputs
    # When trials come together anew, the stack that they come from is still there.
    before = size * (trial_bytes(program) - program.dtype.itemsize * (program.parameters.size + program.buffers.size))
    return size * trial_bytes(program) + max(step, epoch + max(lot, SCORE_BYTES * outputs), before)


def _evaluate(stack: Stack) -> None:
    data = stack.program.data
    views = stack.program.parameters.views(stack.parameters), stack.program.buffers.views(stack.buffers)
    stack.program.evaluate(*views, data.dev_x[:EVALUATION_ROWS], data.dev_y[:EVALUATION_ROWS])


class _OverError(Exception):
    """The rehearsal's way out of the training loop."""


class _Timed(Program):
    """A program that looks at the clock between steps, and breaks the epoch off when it has seen enough."""

    def __init__(
        self, program: Program, clock: Clock, seconds: list[float], enough: Callable[[list[float]], bool]
    ) -> None:
        vars(self).update(vars(program))
        rows = min(len(self.data.train_y), self.batch * (MOST + 2))
        self.data = replace(self.data, train_x=self.data.train_x[:rows], train_y=self.data.train_y[:rows])
        self._clock, self._seconds, self._enough = clock, seconds, enough
        self._began, self._steps = 0.0, -1

    def step(
        self, parameters: list[Tensor], buffers: list[Tensor], masks: list[Tensor], x: Tensor, targets: list[Tensor]
    ) -> list[Tensor]:
        self._look()
        return super().step(parameters, buffers, masks, x, targets)

    def evaluate(self, parameters: list[Tensor], buffers: list[Tensor], x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        self.end()
        raise _OverError

    def end(self) -> None:
        """The last step has ended."""
        self._look(last=True)

    def _look(self, *, last: bool = False) -> None:
        """A step has ended, or the first one begins."""
        self._steps += 1
        on_gpu = self.device.type == "cuda"
        if self._steps and self._seconds and self._steps < BLOCK and on_gpu and not last:
            return
        if on_gpu:
            torch.cuda.synchronize(self.device)
        now = self._clock()
        if self._steps:
            self._seconds.append((now - self._began) / self._steps)
            if self._enough(self._seconds):
                raise _OverError
            self._steps = 0
        self._began = now


def _steps(stack: Stack, clock: Clock, seconds: list[float], enough: Callable[[list[float]], bool]) -> None:
    """Train for an epoch, or for its first steps until there are `enough`; what each takes is appended to `seconds`."""
    whole = stack.program
    stack.program = timed = _Timed(whole, clock, seconds, enough)
    epochs = [state.epoch for state in stack.states]
    try:
        with suppress(_OverError):
            train_epoch(stack)
            timed.end()  # nobody was scored, since all have diverged
    finally:
        stack.program = whole
        for state, epoch in zip(stack.states, epochs, strict=True):
            state.epoch = epoch
