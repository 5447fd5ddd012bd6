"""Moving an image by whole pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hpsearch.training.augment.augmentation import ImageAugmentation
from hpsearch.training.noise import Purpose


class Shift(ImageAugmentation):
    """Moves by a number of rows and one of columns, each uniform in -strength … strength; down and right are
    positive. What comes in from outside repeats the pixels of the edge."""

    purpose = Purpose.SHIFT

    @staticmethod
    def draw(stream: np.random.Generator, strength: float, samples: int, rows: int, columns: int) -> NDArray[Any]:
        most = int(strength)
        return stream.integers(-most, most, size=(samples, 2), endpoint=True)

    @staticmethod
    def change(x: Tensor, drawn: Tensor) -> Tensor:
        samples, channels, rows, columns = x.shape
        row = (torch.arange(rows, device=x.device) - drawn[:, :1]).clamp(0, rows - 1)
        column = (torch.arange(columns, device=x.device) - drawn[:, 1:]).clamp(0, columns - 1)
        place = (row[:, :, None] * columns + column[:, None, :]).view(samples, 1, -1).expand(-1, channels, -1)
        return x.flatten(2).gather(2, place).view_as(x)
