"""CMA-ES for a study: its generations are made of the trials as they end in virtual time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.samplers import BaseSampler
from optuna.samplers._tpe.sampler import _get_pruned_trial_score
from optuna.study import StudyDirection
from optuna.study._multi_objective import _fast_non_domination_rank
from optuna.trial import FrozenTrial, TrialState

from hpsearch.search.evolution import Evolution
from hpsearch.search.past import Past
from hpsearch.search.samplers import Drawn, Tpe
from hpsearch.search.seeds import sampler_seed
from hpsearch.search.tpe import ParallelTpe
from hpsearch.search.units import from_units, to_unit, width
from hpsearch.space import fields
from hpsearch.space.section import Section


class CmaEsOptions(Section):
    """`population_size` trials are a generation (none: 4 + ⌊3 ln d⌋); `sigma0` is the first spread, of the range."""

    population_size: fields.Population = None
    sigma0: fields.Spread = 0.3


class CmaEs(Drawn[CmaEsOptions]):
    """Draws from a normal distribution that learns scale and correlation: Hansen, arXiv:1604.00772.

    It is for numbers that are there in every trial; what is a list of options, or has a `when`, TPE proposes, one by
    one. Every `population_size` trials that have ended are a generation, whoever proposed them and whenever: so its
    state is a function of the trials in the order of virtual time. Optuna's own keeps it in the storage.
    """

    Options = CmaEsOptions

    def sampler(self, seed: int) -> BaseSampler:
        return ParallelTpe(seed=seed)

    def seen(self, past: Past) -> optuna.Study:
        return self._tpe.seen(past)

    @cached_property
    def _tpe(self) -> Tpe:
        return Tpe(self.space, self.distributions, self.seed)

    def together(self, past: Past, sampler: BaseSampler, draft: FrozenTrial) -> dict[str, BaseDistribution]:
        return self._numbers

    @cached_property
    def _numbers(self) -> dict[str, BaseDistribution]:
        return {
            name: of
            for name, of in self.distributions.items()
            if not of.single() and not isinstance(of, CategoricalDistribution) and self.space.active(name, {})
        }

    def draw(self, past: Past, number: int, together: Mapping[str, BaseDistribution]) -> dict[str, Any]:
        followed = past.kept(self, partial(_Followed, past, together, self.options, self.seed))
        return from_units(together, followed.evolution().draw(np.random.default_rng(sampler_seed(self.seed, number))))


class _Followed:
    """The evolution that the ended trials of a past make; reads on each time that it is asked."""

    def __init__(self, past: Past, numbers: Mapping[str, BaseDistribution], options: CmaEsOptions, seed: int) -> None:
        self._past, self._numbers, self._read = past, numbers, 0
        widths = np.array([width(of) for of in numbers.values()])
        self._evolution = Evolution(widths, options.sigma0, options.population_size, seed)
        self._generation: list[FrozenTrial] = []

    def evolution(self) -> Evolution:
        """As it is after the trials that have ended up to now."""
        for ended in self._past.ended[self._read :]:
            trial = self._past.shown(ended.number)
            if trial is None or trial.state not in (TrialState.COMPLETE, TrialState.PRUNED):
                continue
            if self._numbers.keys() <= trial.params.keys():
                self._generation.append(trial)
            if len(self._generation) >= self._evolution.population:
                self._evolution.learn(np.array([self._point(trial) for trial in self._ranked()]))
                self._generation = []
        self._read = len(self._past.ended)
        return self._evolution

    def _point(self, trial: FrozenTrial) -> list[float]:
        return [to_unit(of, trial.params[name]) for name, of in self._numbers.items()]

    def _ranked(self) -> list[FrozenTrial]:
        """The generation, the best first: complete trials before pruned ones, and of these the later pruned ones."""
        complete = [trial for trial in self._generation if trial.state == TrialState.COMPLETE]
        pruned = [trial for trial in self._generation if trial.state == TrialState.PRUNED]
        ranked = sorted(zip(_ranks(self._past, complete), complete, strict=True), key=lambda pair: pair[0])
        return [trial for _, trial in ranked] + sorted(pruned, key=lambda t: _get_pruned_trial_score(t, self._past))


def _ranks(past: Past, trials: Sequence[FrozenTrial]) -> list[int]:
    """How often the trials that dominate one have to be taken away until none is left: the order of one objective."""
    signs = np.array([-1.0 if direction == StudyDirection.MAXIMIZE else 1.0 for direction in past.directions])
    values = np.array([trial.values for trial in trials], dtype=np.float64).reshape(len(trials), len(signs))
    return [int(rank) for rank in _fast_non_domination_rank(values * signs)]
