"""Counter-based random numbers: every draw is a function of (trial seed, purpose, epoch) and nothing else.

Philox-4x64 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011) turns a key and a counter
into random bits, so a trial draws the same numbers alone, in a stack, on another worker, or after a restart.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

import numpy as np
import torch

LEVELS = 65536  # a dropout decision uses 16 random bits, so a rate is exact to 1/65536


class Purpose(IntEnum):
    """What a stream of random numbers is for. Values are part of every result: never renumber."""

    INITIAL_WEIGHTS = 1
    DATA_ORDER = 2
    DROPOUT = 3
    INPUT_NOISE = 4
    PRETRAINING = 5
    SHIFT = 6
    FLIP = 7
    ROTATION = 8
    ERASE = 9
    MIXUP = 10


def philox(seed: int, purpose: Purpose, epoch: int) -> np.random.Philox:
    """The bit generator of one trial, purpose and epoch (0: before training)."""
    return np.random.Philox(key=[seed, purpose], counter=[0, 0, 0, epoch])


def generator(seed: int, purpose: Purpose, epoch: int) -> np.random.Generator:
    """As `philox`, for draws other than raw bits."""
    return np.random.Generator(philox(seed, purpose, epoch))


def order(seed: int, epoch: int, samples: int) -> torch.Tensor:
    """The order in which a trial sees its samples in an epoch: a permutation [sample], int64."""
    return torch.from_numpy(generator(seed, Purpose.DATA_ORDER, epoch).permutation(samples))


class DropoutMasks:
    """Inverted-dropout masks for a stack, one epoch long: entries 0 or 1 / (1 - rate).

    Srivastava et al., "Dropout", JMLR 2014. `rates` and `seeds` have one entry a trial, `size` is a mask's. Compared
    and multiplied by NumPy, in which these two operations on mixed types are several times as fast as in PyTorch.
    """

    def __init__(self, seeds: Sequence[int], epochs: Sequence[int], rates: Sequence[float], size: int) -> None:
        self._streams = [philox(s, Purpose.DROPOUT, e) for s, e in zip(seeds, epochs, strict=True)]
        self._words = -(-size // 4)
        dropped = [min(round(rate * LEVELS), LEVELS - 1) for rate in rates]
        # Sixteen random bits read as a signed number are uniform on [-LEVELS / 2, LEVELS / 2).
        self._thresholds = [np.int16(d - LEVELS // 2) for d in dropped]
        self._scales = [LEVELS / (LEVELS - d) for d in dropped]
        self._keep = np.empty(size, dtype=np.bool_)

    def draw(self, out: torch.Tensor) -> None:
        """Fill `out` [trial, element] with the masks of the next step."""
        mask = out if out.device.type == "cpu" else torch.empty_like(out, device="cpu")
        rows = zip(mask.numpy(), self._streams, self._thresholds, self._scales, strict=True)
        for row, stream, threshold, scale in rows:
            uniform = stream.random_raw(self._words).view(np.int16)[: len(row)]
            np.greater_equal(uniform, threshold, out=self._keep)
            np.multiply(self._keep, row.dtype.type(scale), out=row)
        if mask is not out:
            out.copy_(mask)
