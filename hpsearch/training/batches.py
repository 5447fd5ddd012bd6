"""The mini-batches of a stack's epoch."""

from __future__ import annotations

import math
from functools import partial

import torch
from torch import Tensor

from hpsearch.training.augment.pipeline import Pipeline
from hpsearch.training.noise import DropoutMasks, order
from hpsearch.training.stack import Stack


class Batches:
    """One after the other in the same memory: `x`, `targets` and `masks` as `Program.step` takes them.

    They are the same tensors in each step and epoch of a stack, so that a replay stays bound to them.
    """

    def __init__(self, stack: Stack) -> None:
        """For the epoch that the stack's trials train next."""
        program, trials = stack.program, len(stack.states)
        data, batch = program.data, program.batch
        self.steps = len(data.train_y) // batch
        orders = torch.stack([order(*stream, len(data.train_y)) for stream in zip(*stack.streams, strict=True)])
        by_step = orders[:, : self.steps * batch].view(trials, self.steps, batch).transpose(0, 1).contiguous()
        self._chosen = by_step.to(program.device)
        self._labels = data.train_y[self._chosen]
        self._stack, self._samples = stack, data.train_x
        self._augment, self._draws = Pipeline(stack), _draws(stack)
        self.x = stack.kept("x", lambda: data.train_x.new_empty(trials, batch, *data.inputs))
        self.targets = [stack.kept("y", lambda: data.train_y.new_empty(trials, batch))]
        self.masks: list[Tensor] = []
        if self._draws is not None:
            self._mask, self.masks = stack.kept("masks", lambda: _masks(stack))

    def fill(self, step: int) -> None:
        """Put the samples, targets and masks of a step, from 0, into place."""
        chosen = self._chosen[step]
        torch.index_select(self._samples, 0, chosen.view(-1), out=self.x.view(-1, *self.x.shape[2:]))
        x, targets = self._augment.apply(self.x, self._labels[step], chosen)
        if x is not self.x:
            self.x.copy_(x)
        for place, more in enumerate(targets[1:], start=1):
            if place == len(self.targets):
                self.targets.append(self._stack.kept(("targets", place), partial(torch.empty_like, more)))
        for memory, values in zip(self.targets, targets, strict=True):
            memory.copy_(values)
        if self._draws is not None:
            self._draws.draw(self._mask)


def _draws(stack: Stack) -> DropoutMasks | None:
    rates = [s.config.dropout for s in stack.states]
    size = stack.program.batch * sum(math.prod(shape) for shape in stack.program.mask_shapes)
    return DropoutMasks(*stack.streams, rates, size) if any(rates) and size else None


def _masks(stack: Stack) -> tuple[Tensor, list[Tensor]]:
    """Memory for one step's masks [trial, element], and the same as [trial, sample, *shape] for each dropout layer."""
    program, trials = stack.program, len(stack.states)
    sizes = [program.batch * math.prod(shape) for shape in program.mask_shapes]
    memory = stack.parameters.new_empty(trials, sum(sizes))
    parts = zip(torch.split(memory, sizes, 1), program.mask_shapes, strict=True)
    return memory, [part.view(trials, program.batch, *shape) for part, shape in parts]
