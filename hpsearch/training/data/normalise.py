"""Normalisation: each takes the training part [sample, ...] and returns a function for any part.

Every statistic comes from the training part only.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Transform = Callable[[Array], Array]


def none(train: Array) -> Transform:
    """Features as they are."""
    return lambda part: part


def standard(train: Array) -> Transform:
    """Mean 0 and variance 1 per feature; a feature that never changes becomes 0."""
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    scale = np.where(deviation > 0, deviation, 1.0)
    return lambda part: (part - mean) / scale
