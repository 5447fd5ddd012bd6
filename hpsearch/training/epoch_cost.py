"""What an epoch of a network is predicted to cost: from counts alone, so it is the same number on every machine.

The weights of the parts were fitted to epochs of dense networks and LeNets on a CPU (`python -m benchmarks.ticks`
measures how well). Of another device they may be wrong; then workers wait a little more, and nothing else changes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from hpsearch.events import Scalar
from hpsearch.training.config import declared

TICK = 10**6
"""Multiply-adds in a tick of the virtual clock."""

# In multiply-adds: what takes as long as these do.
_EPOCH = 10**8
_STEP = 3 * 10**6
_SAMPLE = 10**5
_UPDATE = 30  # of a parameter, in a step
_PASSES = 3  # forward, and backward to the inputs and to the weights


def epoch_ticks(costs: Mapping[str, int], values: Mapping[str, Scalar], samples: int) -> int:
    """Ticks of an epoch over so many samples, at least 1. A network whose costs can't be counted is taken for none."""
    batch = values.get("batch_size", declared("batch_size").default)
    steps = 1 if isinstance(batch, str) else math.ceil(samples / int(batch or 1))
    step = _STEP + _UPDATE * costs.get("parameters", 0)
    sample = _SAMPLE + _PASSES * costs.get("multiply_adds", 0)
    return max(1, round((_EPOCH + steps * step + samples * sample) / TICK))
