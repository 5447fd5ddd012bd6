"""How weights begin. Each takes (rng, shape, fan_in, fan_out) and returns an array of that shape, float64.

Biases begin at 0, batch norm at scale 1 and shift 0. For layers of N inputs and M outputs.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def he_normal(rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Array:
    """N(0, 2/N): He et al., "Delving deep into rectifiers", ICCV 2015, eq. 10. For relu."""
    return rng.standard_normal(shape) * math.sqrt(2 / fan_in)


def he_uniform(rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Array:
    """Uniform with the variance 2/N of `he_normal`."""
    bound = math.sqrt(6 / fan_in)
    return rng.uniform(-bound, bound, shape)


def xavier_normal(rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Array:
    """N(0, 1/N), the form of Xavier's initialisation that keeps the forward variance. For sigmoid and tanh."""
    return rng.standard_normal(shape) * math.sqrt(1 / fan_in)


def xavier_uniform(rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Array:
    """Uniform with variance 2/(N+M): Glorot and Bengio, AISTATS 2010, eq. 16."""
    bound = math.sqrt(6 / (fan_in + fan_out))
    return rng.uniform(-bound, bound, shape)


def standard_normal(rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Array:
    """N(0, 1): what not to do. Deep sigmoid networks saturate at once."""
    return rng.standard_normal(shape)
