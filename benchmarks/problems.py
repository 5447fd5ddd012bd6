"""Problems whose values are known at once, in the names of real hyperparameters: two functions, and a table.

The functions are Branin's and Hartmann's of six dimensions (Dixon and Szegö, 1978). Their coordinates are the names of
hyperparameters that may go from 0 to 1; what these mean in training plays no part.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from benchmarks import digits_table
from hpsearch.events import Scalar

COORDINATES = ("l1", "l2", "input_noise", "gradient_clip", "weight_decay", "flip", "shift", "mixup")
ALPHA = np.array([1.0, 1.2, 3.0, 3.2])
A = np.array(
    [
        [10, 3, 17, 3.5, 1.7, 8],
        [0.05, 10, 17, 0.1, 8, 14],
        [3, 3.5, 1.7, 10, 17, 8],
        [17, 8, 0.05, 10, 0.1, 14],
    ]
)
P = 1e-4 * np.array(
    [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
)
WEIGHTS = np.array([100, 30, 10, 3, 1, 0.3, 0.1, 0.03])
CENTRE = np.array([0.2, 0.7, 0.4, 0.9, 0.15, 0.6, 0.33, 0.8])


@dataclass(frozen=True, slots=True)
class Problem:
    """A space, as a study file writes it on one line, a loss over its values, and the least loss there is."""

    name: str
    space: str
    loss: Callable[[Mapping[str, Scalar]], float]
    least: float


def _cube(d: int) -> str:
    return ", ".join(f"{name}: {{low: 0.0, high: 1.0}}" for name in COORDINATES[:d])


def _places(values: Mapping[str, Scalar], d: int) -> list[float]:
    return [float(values[name] or 0.0) for name in COORDINATES[:d]]


def branin(values: Mapping[str, Scalar]) -> float:
    """Three equal valleys in a plane."""
    u, v = _places(values, 2)
    x, y = 15 * u - 5, 15 * v
    bend = y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6
    return bend**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


def hartmann(values: Mapping[str, Scalar]) -> float:
    """A deep pit and shallower ones in six dimensions."""
    x = np.array(_places(values, 6))
    return -float(ALPHA @ np.exp(-(A * (x - P) ** 2).sum(axis=1)))


def ackley(values: Mapping[str, Scalar]) -> float:
    """A funnel in five dimensions with many small pits (Ackley, 1987)."""
    x = 20 * (np.array(_places(values, 5)) - 0.37)
    waves = np.cos(2 * math.pi * x).mean()
    return float(20 + math.e - 20 * math.exp(-0.2 * math.sqrt((x**2).mean())) - math.exp(waves))


def ellipsoid(values: Mapping[str, Scalar]) -> float:
    """The distance from a point in eight dimensions, of which few matter much."""
    return float(np.sqrt((WEIGHTS * (np.array(_places(values, 8)) - CENTRE) ** 2).sum()))


@cache
def _table() -> dict[tuple[str, ...], float]:
    return digits_table.read()


def digits(values: Mapping[str, Scalar]) -> float:
    """The dev loss of a network on the digits: that of the nearest one in the table."""
    return _table()[digits_table.cell(values)]


def problems() -> list[Problem]:
    """All of them."""
    free = (
        "width: [8, 16, 32, 128], batch_size: [32, 64, 256], "
        "optimizer: [momentum, rmsprop, adam], activation: [relu, tanh, sigmoid]"
    )
    ranges = ", ".join(
        f"{name}: {{low: {low}, high: {high}, log: true}}" for name, (low, high, _) in digits_table.RANGES.items()
    )
    return [
        Problem("Branin", _cube(2), branin, 0.397887),
        Problem("Hartmann-6", _cube(6), hartmann, -3.32237),
        Problem("digits table", f"{ranges}, {free}", digits, min(_table().values())),
    ]


def more() -> list[Problem]:
    """Two functions more, of five and eight dimensions."""
    return [Problem("Ackley-5", _cube(5), ackley, 0.0), Problem("ellipsoid-8", _cube(8), ellipsoid, 0.0)]
