"""What each kernel of one of Optuna's Parzen estimators says of a point, one dimension at a time.

Optuna gives the density of the whole mixture only, p(x) = Σᵢ wᵢ Πⱼ kᵢⱼ(xⱼ), with kernels i and dimensions j.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from optuna.samplers._tpe import _truncnorm
from optuna.samplers._tpe.probability_distributions import (
    _BatchedCategoricalDistributions,
    _BatchedDistributions,
    _log_gauss_mass_unique,
    _MixtureOfProductDistribution,
)

Floats = NDArray[np.float64]


def log_kernels(of: _BatchedDistributions, x: Floats) -> Floats:
    """log kᵢ(x): [point, kernel], of points [point] in Optuna's internal form.

    Of a whole number or a step it is the logarithm of the mass between half a step below and above.
    """
    if isinstance(of, _BatchedCategoricalDistributions):
        return np.asarray(np.log(of.weights[:, x.astype(np.int64)]).T, dtype=np.float64)
    low, high = ((edge - of.mu) / of.sigma for edge in (of.adapted_low, of.adapted_high))
    scale = np.log if of.is_log else np.asarray
    if of.step == 0.0:
        at = scale(x)[:, np.newaxis]
        return np.asarray(_truncnorm.logpdf(at, a=low, b=high, loc=of.mu, scale=of.sigma), dtype=np.float64)
    values, places = np.unique(x, return_inverse=True)
    left, right = ((scale(values + half)[:, np.newaxis] - of.mu) / of.sigma for half in (-of.step / 2, of.step / 2))
    masses = _log_gauss_mass_unique(left, right) - _truncnorm._log_gauss_mass(low, high)
    return np.asarray(masses[places], dtype=np.float64)


def log_density(weights: Floats, logs: Floats) -> Floats:
    """log Σᵢ wᵢ exp(log kᵢ): [point], of weights [kernel], not all 0, and `logs` [point, kernel]."""
    with np.errstate(divide="ignore"):  # a kernel that what is given rules out
        weighted = logs + np.log(weights)
    most = weighted.max(axis=1, keepdims=True)
    return np.asarray(most[:, 0] + np.log(np.exp(weighted - most).sum(axis=1)), dtype=np.float64)


def crossed(mixture: _MixtureOfProductDistribution, rng: np.random.RandomState, size: int) -> Floats:
    """Draws in which every dimension comes from a kernel of its own, Πⱼ Σᵢ wᵢ kᵢⱼ(xⱼ): [draw, dimension]."""
    columns = [mixture._replace(distributions=[of]).sample(rng, size)[:, 0] for of in mixture.distributions]
    return np.stack(columns, axis=1)
