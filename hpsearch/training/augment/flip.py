"""Mirroring an image, left for right."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hpsearch.training.augment.augmentation import ImageAugmentation
from hpsearch.training.noise import Purpose


class Flip(ImageAugmentation):
    """Mirrors an image with the probability `strength`."""

    purpose = Purpose.FLIP

    @staticmethod
    def draw(stream: np.random.Generator, strength: float, samples: int, rows: int, columns: int) -> NDArray[Any]:
        return stream.random((samples, 1)) < strength

    @staticmethod
    def change(x: Tensor, drawn: Tensor) -> Tensor:
        return torch.where(drawn[:, :, None, None], x.flip(3), x)
