"""How weights begin: distributions with mean 0 and a stated variance.

Biases begin at 0, batch norm at scale 1 and shift 0. For layers of N inputs and M outputs.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hpsearch.training.config import Config


@dataclass(frozen=True, slots=True)
class Initialization:
    """Normal, or uniform, with the variance ``variance(N, M, config)``."""

    variance: Callable[[int, int, Config], float]
    uniform: bool = False

    def __call__(
        self, rng: np.random.Generator, shape: tuple[int, ...], fans: tuple[int, int], config: Config
    ) -> NDArray[np.float64]:
        """First weights of a shape, for `fans` (N, M)."""
        variance = self.variance(*fans, config)
        if self.uniform:
            bound = math.sqrt(3 * variance)
            return rng.uniform(-bound, bound, shape)
        return rng.standard_normal(shape) * math.sqrt(variance)


#: N(0, 2/N): He et al., "Delving deep into rectifiers", ICCV 2015, eq. 10. For relu.
he_normal = Initialization(lambda n, m, config: 2 / n)
#: Uniform with the variance of `he_normal`.
he_uniform = Initialization(lambda n, m, config: 2 / n, uniform=True)
#: N(0, 1/N), the form of Xavier's initialisation that keeps the forward variance. For sigmoid and tanh.
xavier_normal = Initialization(lambda n, m, config: 1 / n)
#: Uniform with variance 2/(N+M): Glorot and Bengio, AISTATS 2010, eq. 16.
xavier_uniform = Initialization(lambda n, m, config: 2 / (n + m), uniform=True)
#: N(0, 1): what not to do. Deep sigmoid networks saturate at once.
standard_normal = Initialization(lambda n, m, config: 1.0)
#: N(0, σ²) with σ = `init_std`: too small and the signal dies layer by layer, too large and it grows.
normal = Initialization(lambda n, m, config: config.init_std * config.init_std)
