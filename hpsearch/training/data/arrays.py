"""What a data source gives, and what a trial trains on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Arrays:
    """A source's samples: `features` [sample, ...] float, `labels` [sample] int from 0 to `classes` - 1."""

    features: NDArray[np.float64]
    labels: NDArray[np.int64]
    classes: int


@dataclass(frozen=True, slots=True)
class Dataset:
    """Normalised parts: x [sample, feature, ...] floating, y [sample] int64.

    The test part is touched once, by the step that names the winner; training and choosing never read it.
    """

    classes: int
    train_x: Tensor
    train_y: Tensor
    dev_x: Tensor
    dev_y: Tensor
    test_x: Tensor
    test_y: Tensor

    @property
    def inputs(self) -> tuple[int, ...]:
        """The shape of one sample."""
        return tuple(self.train_x.shape[1:])

    def to(self, device: str, dtype: torch.dtype) -> Dataset:
        """The same data on a device, features in a floating type."""
        parts = (
            t.to(device, dtype if t.is_floating_point() else t.dtype)
            for t in (self.train_x, self.train_y, self.dev_x, self.dev_y, self.test_x, self.test_y)
        )
        return Dataset(self.classes, *parts)
