"""Turning an image about its centre."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from hpsearch.training.augment.augmentation import ImageAugmentation
from hpsearch.training.noise import Purpose


class Rotation(ImageAugmentation):
    """Turns by an angle uniform in ±strength degrees, anticlockwise where positive; bilinear between pixels.
    What comes in from outside repeats the pixels of the edge."""

    purpose = Purpose.ROTATION

    @staticmethod
    def draw(stream: np.random.Generator, strength: float, samples: int, rows: int, columns: int) -> NDArray[Any]:
        angles = np.deg2rad(stream.uniform(-strength, strength, samples))
        return np.stack([np.cos(angles), np.sin(angles)], axis=1)

    @staticmethod
    def change(x: Tensor, drawn: Tensor) -> Tensor:
        """As the class says; `drawn` holds each image's cosine and sine."""
        rows, columns = x.shape[2:]
        cosine, sine = drawn[:, :, None, None].unbind(1)
        # Pixels from the centre, then where in the image each of them comes from.
        down = (torch.arange(rows, device=x.device, dtype=x.dtype) - (rows - 1) / 2)[:, None]
        right = torch.arange(columns, device=x.device, dtype=x.dtype) - (columns - 1) / 2
        from_right, from_down = cosine * right - sine * down, sine * right + cosine * down
        places = torch.stack([from_right * (2 / columns), from_down * (2 / rows)], dim=3)
        return functional.grid_sample(x, places, mode="bilinear", padding_mode="border", align_corners=False)
