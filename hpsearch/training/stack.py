"""Trials of one signature along the leading axis of every tensor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeVar

import torch
from torch import Tensor

from hpsearch import registry
from hpsearch.training.optimizers import Optimizer
from hpsearch.training.program import Program
from hpsearch.training.state import TrialState

T = TypeVar("T")
PART = 32768  # elements that an update passes over as often as it must before it goes on to the next ones


@dataclass(frozen=True, slots=True)
class Family:
    """The rows of a stack that share an optimizer, and their moments [slot, row, parameter]."""

    rows: slice
    optimizer: Optimizer
    moments: Tensor

    def update(self, stack: Stack, settings: Mapping[str, Tensor]) -> None:
        """One step of these rows' optimizer, from `stack.gradient`, with settings as columns [row, 1]."""
        for p, g, moments, scratch in stack.kept(("parts", self.rows.start), lambda: self._parts(stack)):
            self.optimizer.update(p, g, moments, settings, scratch)

    def _parts(self, stack: Stack) -> list[tuple[Tensor, Tensor, Sequence[Tensor], Tensor]]:
        """Parameters, gradient, moments and scratch of these rows, in parts of columns that stay in a core's cache."""
        rows = self.rows
        columns = max(1, PART // (rows.stop - rows.start))
        whole = (stack.parameters[rows], stack.gradient[rows], *self.moments, stack.scratch[rows])
        if stack.parameters.device.type != "cpu" or whole[0].numel() < 2 * PART:
            columns = whole[0].shape[1]
        parts = zip(*(torch.split(tensor, columns, 1) for tensor in whole), strict=True)
        return [(p, g, moments, scratch) for p, g, *moments, scratch in parts]


class Stack:
    """K ≥ 1 trials, side by side for as long as the same ones train together.

    Rows are ordered by optimizer, so that each optimizer updates a contiguous block. Between epochs `states`
    gives the trials back; any set of them makes the next stack.
    """

    def __init__(self, program: Program, states: Sequence[TrialState]) -> None:
        self.program = program
        self.states = sorted(states, key=lambda s: (s.config.optimizer, s.number))
        self.parameters = torch.stack([s.parameters for s in self.states])
        self.buffers = torch.stack([s.buffers for s in self.states])
        self.gradient = torch.empty_like(self.parameters)
        self.scratch = torch.empty_like(self.parameters)
        self.families: list[Family] = []
        first = 0
        for name, members in groupby(self.states, key=lambda s: s.config.optimizer):
            moments = torch.stack([s.moments for s in members], dim=1)
            rows = slice(first, first + moments.shape[1])
            self.families.append(Family(rows, registry.load("optimizer", name), moments))
            first = rows.stop
        # From here on each trial's state is a view of its row.
        for family in self.families:
            for row in range(family.rows.start, family.rows.stop):
                state = self.states[row]
                state.parameters, state.buffers = self.parameters[row], self.buffers[row]
                state.moments = family.moments[:, row - family.rows.start]
        self._kept: dict[object, Any] = {}

    def kept(self, name: object, make: Callable[[], T]) -> T:
        """What `make` gives, made once for the stack: working memory, and views of it."""
        if name not in self._kept:
            self._kept[name] = make()
        made: T = self._kept[name]
        return made

    @property
    def views(self) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
        """Parameters, buffers and gradient by their shapes in the network: tensors [trial, *shape]."""
        program = self.program
        return self.kept(
            "views",
            lambda: (
                program.parameters.views(self.parameters),
                program.buffers.views(self.buffers),
                program.parameters.views(self.gradient),
            ),
        )

    @property
    def numbers(self) -> tuple[int, ...]:
        """The trials' numbers in ascending order: what identifies a stack."""
        return tuple(sorted(s.number for s in self.states))

    @property
    def streams(self) -> tuple[list[int], list[int]]:
        """Each row's seed, and the epoch that it trains next: what its random numbers are drawn by."""
        return [s.seed for s in self.states], [s.epoch + 1 for s in self.states]

    def column(self, values: Sequence[float]) -> Tensor:
        """One value a trial as [trial, 1]."""
        return torch.tensor(values, dtype=self.parameters.dtype, device=self.parameters.device)[:, None]
