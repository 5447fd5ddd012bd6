"""What every augmentation is: a change to some trials' training samples, fresh in every epoch.

Whatever is drawn is a function of (trial seed, epoch, sample): an array for all samples of the training part, in
the order of their indices, or a stream read along the epoch's order, which is itself a function of (seed, epoch).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hpsearch.training.noise import Purpose, generator
from hpsearch.training.stack import Stack


@dataclass(slots=True)
class Batch:
    """One step's samples: x [trial, sample, ...], and their indices in the training part, `chosen` [trial, sample].

    `targets` are as `Program.step` takes them. An augmentation may write into `x`, not into the targets.
    """

    x: Tensor
    targets: list[Tensor]
    chosen: Tensor


class Augmentation(ABC):
    """One change, for a stack and one epoch.

    `strengths` has one entry a trial, not all 0. Only the trials with a strength are touched: `rows` [row] are
    their places in the stack, so that the others keep their bits.
    """

    purpose: ClassVar[Purpose]

    def __init__(self, stack: Stack, strengths: Sequence[float]) -> None:
        on = [row for row, strength in enumerate(strengths) if strength > 0]
        seeds, epochs = stack.streams
        self.program = stack.program
        self.rows = torch.tensor(on, device=stack.program.device)
        self.strengths = [strengths[row] for row in on]
        self.streams = [generator(seeds[row], self.purpose, epochs[row]) for row in on]

    @abstractmethod
    def apply(self, batch: Batch) -> None:
        """Change the samples of one step."""

    def table(self, draws: Sequence[NDArray[Any]]) -> Tensor:
        """One array [sample, ...] of each trial with a strength, as [row, sample, ...] beside the data."""
        drawn = torch.from_numpy(np.stack(draws)).to(self.program.device)
        return drawn.to(self.program.dtype) if drawn.is_floating_point() else drawn

    def look_up(self, table: Tensor, batch: Batch) -> Tensor:
        """The entries [row, sample, ...] of a step's samples."""
        chosen = batch.chosen[self.rows]
        return table[torch.arange(len(chosen), device=chosen.device)[:, None], chosen]


class ImageAugmentation(Augmentation):
    """A change to each image by a few numbers of its own, drawn for all training samples at once."""

    def __init__(self, stack: Stack, strengths: Sequence[float]) -> None:
        super().__init__(stack, strengths)
        rows, columns = stack.program.data.inputs[1:]
        samples = len(stack.program.data.train_y)
        pairs = zip(self.streams, self.strengths, strict=True)
        self.drawn = self.table([self.draw(stream, strength, samples, rows, columns) for stream, strength in pairs])

    @staticmethod
    @abstractmethod
    def draw(stream: np.random.Generator, strength: float, samples: int, rows: int, columns: int) -> NDArray[Any]:
        """Numbers [sample, number] for images of so many rows and columns."""

    @staticmethod
    @abstractmethod
    def change(x: Tensor, drawn: Tensor) -> Tensor:
        """Images [sample, channel, row, column], each changed by its numbers; new memory of the same shape."""

    def apply(self, batch: Batch) -> None:
        x = batch.x[self.rows]
        changed = self.change(x.flatten(0, 1), self.look_up(self.drawn, batch).flatten(0, 1))
        batch.x[self.rows] = changed.view_as(x)
