"""Optuna's TPE for a trial that is in no storage yet, and some of whose values may stand already."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import TPESampler
from optuna.samplers._tpe.parzen_estimator import _ParzenEstimator
from optuna.samplers._tpe.probability_distributions import _MixtureOfProductDistribution
from optuna.trial import FrozenTrial


class DraftTpe(TPESampler):
    """Writes nothing."""

    def condition(self, given: Mapping[str, float]) -> None:
        """Values in Optuna's internal form that stand, of hyperparameters that are proposed together."""
        if given:
            self._parzen_estimator_cls = partial(_Conditioned, given)  # type: ignore[assignment]

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        # The base class then writes the values into the storage for other processes; here nobody else asks.
        return self._sample_relative(study, trial, search_space)


class _Conditioned(_ParzenEstimator):
    """A mixture of kernels p(x, g) = Σᵢ wᵢ kᵢ(x) kᵢ(g) from which x is drawn given g.

    Given g, kernel i has the weight wᵢ kᵢ(g), up to a factor. The densities that decide among the candidates are
    those of x and g together, whose ratio is that of the conditional ones up to a factor that x has no part in.
    """

    def __init__(self, given: Mapping[str, float], *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._given = {name: given[name] for name in self._search_space if name in given}

    def sample(self, rng: np.random.RandomState, size: int) -> dict[str, np.ndarray]:
        mixture = self._mixture_distribution
        weights = mixture.weights * np.exp(self._log_kernels(mixture))
        drawn = self._untransform(mixture._replace(weights=weights / weights.sum()).sample(rng, size))
        return drawn | {name: np.full(size, value) for name, value in self._given.items()}

    def _log_kernels(self, mixture: _MixtureOfProductDistribution) -> np.ndarray:
        """log kᵢ(g), up to a constant: [kernel]."""
        places = [place for place, name in enumerate(self._search_space) if name in self._given]
        if not places:
            return np.zeros(len(mixture.weights))
        point = np.array([list(self._given.values())])
        logs = [
            _MixtureOfProductDistribution(
                np.ones(1), [_kernel(mixture.distributions[place], index) for place in places]
            ).log_pdf(point)[0]
            for index in range(len(mixture.weights))
        ]
        return np.array(logs, dtype=np.float64) - np.float64(max(logs))


def _kernel(batch: Any, index: int) -> Any:
    """One of a batch of distributions, as a batch of one."""
    varying = {"weights", "mu", "sigma"}.intersection(batch._fields)
    return batch._replace(**{field: getattr(batch, field)[index : index + 1] for field in varying})
