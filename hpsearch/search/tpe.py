"""Optuna's TPE for a trial that is in no storage yet, some of whose values may stand already; and a better one.

Both propose where the density l of the good trials is high beside the density g of the rest (Bergstra et al.,
"Algorithms for hyper-parameter optimization", NeurIPS 2011).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import TPESampler
from optuna.samplers._tpe.parzen_estimator import _ParzenEstimator
from optuna.samplers._tpe.probability_distributions import _MixtureOfProductDistribution
from optuna.trial import FrozenTrial, TrialState

from hpsearch.search.densities import Floats, crossed, log_density, log_kernels
from hpsearch.search.front import losses

LEAST = 0.1  # of the mean weight: what the worst trial of the good group has
ALONE = 0.3  # how much the hyperparameters one by one count beside all together
UNDER_WAY = 0.3  # of the weight of a poor trial


class Estimator(_ParzenEstimator):
    """A mixture of kernels p(x, g) = Σᵢ wᵢ kᵢ(x) kᵢ(g) from which x is drawn given g.

    Given g, kernel i has the weight wᵢ kᵢ(g), up to a factor. The densities that decide among the candidates are
    those of x and g together, whose ratio is that of the conditional ones up to a factor that x has no part in.
    """

    def __init__(self, given: Mapping[str, float], *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._given = {name: given[name] for name in self._search_space if name in given}

    def sample(self, rng: np.random.RandomState, size: int) -> dict[str, np.ndarray]:
        mixture = self._mixture_distribution._replace(weights=self.conditional)
        drawn = self._untransform(self._draw(mixture, rng, size))
        return drawn | {name: np.full(size, value) for name, value in self._given.items()}

    @cached_property
    def conditional(self) -> Floats:
        """What the kernels weigh given g: [kernel], with a sum of 1."""
        mixture = self._mixture_distribution
        logs = np.zeros(len(mixture.weights))
        for name, of in zip(self._search_space, mixture.distributions, strict=True):
            if name in self._given:
                logs += log_kernels(of, np.array([self._given[name]]))[0]
        weights = mixture.weights * np.exp(logs - logs.max())
        return np.asarray(weights / weights.sum(), dtype=np.float64)

    def _draw(self, mixture: _MixtureOfProductDistribution, rng: np.random.RandomState, size: int) -> Floats:
        return np.asarray(mixture.sample(rng, size), dtype=np.float64)


class Crossing(Estimator):
    """Draws candidates whose coordinates come from several good trials, and looks at coordinates one by one too."""

    def _draw(self, mixture: _MixtureOfProductDistribution, rng: np.random.RandomState, size: int) -> Floats:
        return crossed(mixture, rng, size)

    def score(self, samples: Mapping[str, np.ndarray]) -> Floats:
        """log p(x, g) + ALONE × Σⱼ log p(xⱼ | g), over what is not given: [draw]."""
        mixture, given = self._mixture_distribution, self.conditional
        logs = {
            name: log_kernels(of, samples[name])
            for name, of in zip(self._search_space, mixture.distributions, strict=True)
        }
        together = log_density(mixture.weights, np.sum(list(logs.values()), axis=0))
        alone = [log_density(given, of_one) for name, of_one in logs.items() if name not in self._given]
        return np.asarray(together + ALONE * np.sum(alone, axis=0), dtype=np.float64)


class DraftTpe(TPESampler):
    """Optuna's own, which writes nothing."""

    _kind: type[Estimator] = Estimator

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.condition({})

    def condition(self, given: Mapping[str, float]) -> None:
        """Values in Optuna's internal form that stand, of hyperparameters that are proposed together."""
        self._given = given
        self._parzen_estimator_cls = partial(self._kind, given)  # type: ignore[assignment]

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        # The base class then writes the values into the storage for other processes; here nobody else asks.
        return self._sample_relative(study, trial, search_space)


class ParallelTpe(DraftTpe):
    """TPE for proposals that know little of the trials just before them, since many are under way at a time.

    It differs from Optuna's in four things, each chosen by measurement (docs/benchmarks.md, "Search efficiency"):

    - A good trial weighs by the square of its improvement over the worst good one. Optuna's weigh the same; weights by
      improvement are Watanabe's ("Tree-structured Parzen estimator", arXiv:2304.11127).
    - A candidate's coordinates come from good trials of their own, as a child's in a genetic algorithm.
    - Candidates are judged by the densities of all hyperparameters together and, a third as much, of each alone.
    - Trials under way weigh less than poor ones. With 15 of them near the best trial, the newest and so the heaviest
      of all poor ones, g would drive proposals out of the good region.
    """

    _kind = Crossing

    def _build_parzen_estimator(
        self,
        study: optuna.Study,
        search_space: dict[str, BaseDistribution],
        trials: list[FrozenTrial],
        handle_below: bool,
    ) -> _ParzenEstimator:
        trials = [trial for trial in trials if search_space.keys() <= trial.params.keys()]
        if not handle_below:
            weights = self._weights_of_poor(trials)
        elif study._is_multi_objective() or self._given.keys() & search_space.keys():
            # By improvement, the best of other structures would outweigh the good ones of the given structure.
            weights = np.ones(len(trials))
        else:
            weights = _by_improvement(trials, study.direction.name.lower())
        observations = self._get_internal_repr(trials, search_space, study)
        return self._parzen_estimator_cls(observations, search_space, self._parzen_estimator_parameters, weights)

    def _weights_of_poor(self, trials: Sequence[FrozenTrial]) -> Floats:
        ended = np.array([trial.state != TrialState.RUNNING for trial in trials], dtype=bool)
        weights = np.full(len(trials), UNDER_WAY)
        weights[ended] = self._parzen_estimator_parameters.weights(int(ended.sum()))
        return weights

    def _compute_acquisition_func(
        self, samples: dict[str, np.ndarray], mpe_below: _ParzenEstimator, mpe_above: _ParzenEstimator
    ) -> Floats:
        assert isinstance(mpe_below, Crossing)
        assert isinstance(mpe_above, Crossing)
        return mpe_below.score(samples) - mpe_above.score(samples)


def _by_improvement(good: Sequence[FrozenTrial], direction: str) -> Floats:
    """[trial], with a mean near 1. All the same where no two complete values differ.

    Pruned trials, and those of an infinite value, weigh as the worst complete one.
    """
    complete = [trial.state == TrialState.COMPLETE for trial in good]
    known = [losses(trial.values, [direction])[0] if it else math.inf for trial, it in zip(good, complete, strict=True)]
    of_all = np.array(known, dtype=np.float64)
    finite = np.isfinite(of_all)
    worst = max(of_all[finite], default=0.0)
    improvements = np.where(finite, worst / 2 - of_all / 2, 0.0)  # half of them, so that none overflows
    most = improvements.max(initial=0.0)
    if most == 0.0:
        return np.ones(len(good))
    weights = (improvements / most) ** 2
    return np.asarray(np.maximum(weights / weights.mean(), LEAST), dtype=np.float64)
