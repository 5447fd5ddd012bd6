"""Covering a part of an image (Zhong et al., "Random Erasing Data Augmentation", AAAI 2020)."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hpsearch.training.augment.augmentation import ImageAugmentation
from hpsearch.training.noise import Purpose


class Erase(ImageAugmentation):
    """Sets a rectangle to zero, which after normalisation by the mean is the mean.

    Its share of the area is uniform in (0, strength], height over width log-uniform in ½ … 2, both up to whole
    pixels and never above the share; its place is uniform among those where it lies inside.
    """

    purpose = Purpose.ERASE

    @staticmethod
    def draw(stream: np.random.Generator, strength: float, samples: int, rows: int, columns: int) -> NDArray[Any]:
        share, shape, top, left = stream.random((samples, 4)).T
        area = strength * (1 - share) * rows * columns
        height = np.clip(np.rint(np.sqrt(area * np.exp2(2 * shape - 1))), 1, rows)
        width = np.minimum(area // height, columns)
        top, left = top * (rows - height + 1) // 1, left * (columns - width + 1) // 1
        return np.stack([top, top + height, left, left + width], axis=1).astype(np.int64)

    @staticmethod
    def change(x: Tensor, drawn: Tensor) -> Tensor:
        """As the class says; `drawn` holds each image's first row, the one after the last, and so for columns."""
        top, bottom, left, right = drawn[:, :, None].unbind(1)
        row, column = (torch.arange(size, device=x.device) for size in x.shape[2:])
        inside = ((row >= top) & (row < bottom))[:, :, None] & ((column >= left) & (column < right))[:, None, :]
        return x.masked_fill(inside[:, None], 0.0)
