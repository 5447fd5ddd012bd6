"""Normalisation: each takes the training part in chunks [sample, ...] and returns a function for any part.

Every statistic comes from the training part only. A chunk is float64, and the chunks are read more than once.
"per channel" takes one statistic for each place of the first axis of a sample, such as an image's colours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Transform = Callable[[Array], Array]


def none(train: Iterable[Array]) -> Transform:
    """Features as they are."""
    return lambda part: part


def standard(train: Iterable[Array]) -> Transform:
    """Mean 0 and variance 1 per feature; a feature that never changes becomes 0."""
    return _standard(train, per_channel=False)


def standard_channel(train: Iterable[Array]) -> Transform:
    """Mean 0 and variance 1 per channel; a channel that never changes becomes 0."""
    return _standard(train, per_channel=True)


def min_max(train: Iterable[Array]) -> Transform:
    """From 0 to 1 per feature in the training part; a feature that never changes becomes 0."""
    return _min_max(train, per_channel=False)


def min_max_channel(train: Iterable[Array]) -> Transform:
    """From 0 to 1 per channel in the training part; a channel that never changes becomes 0."""
    return _min_max(train, per_channel=True)


def _standard(train: Iterable[Array], *, per_channel: bool) -> Transform:
    values, total, low, high = 0, np.zeros(()), np.array(np.inf), np.array(-np.inf)
    for chunk in train:
        axes = _axes(chunk, per_channel=per_channel)
        total = total + chunk.sum(axis=axes, keepdims=True)[0]
        low = np.minimum(low, chunk.min(axis=axes, keepdims=True)[0])
        high = np.maximum(high, chunk.max(axis=axes, keepdims=True)[0])
        values += chunk.size // total.size if total.size else 1
    mean = total / values
    squares = np.zeros(())
    for chunk in train:
        squares = squares + np.square(chunk - mean).sum(axis=_axes(chunk, per_channel=per_channel), keepdims=True)[0]
    deviation = np.sqrt(squares / values)
    # The mean of equal numbers may be off by a rounding, which must not be blown up to a deviation of 1.
    scale = np.where((high > low) & (deviation > 0), deviation, 1.0)
    return lambda part: (part - mean) / scale


def _min_max(train: Iterable[Array], *, per_channel: bool) -> Transform:
    low, high = _ends(train, per_channel=per_channel)
    scale = np.where(high > low, high - low, 1.0)
    return lambda part: (part - low) / scale


def _ends(train: Iterable[Array], *, per_channel: bool) -> tuple[Array, Array]:
    """The smallest and the largest value, broadcastable against samples."""
    ends = [
        (chunk.min(axis=axes, keepdims=True)[0], chunk.max(axis=axes, keepdims=True)[0])
        for chunk in train
        for axes in [_axes(chunk, per_channel=per_channel)]
    ]
    return np.min([low for low, _ in ends], axis=0), np.max([high for _, high in ends], axis=0)


def _axes(chunk: Array, *, per_channel: bool) -> tuple[int, ...]:
    return (0, *range(2, chunk.ndim)) if per_channel else (0,)
