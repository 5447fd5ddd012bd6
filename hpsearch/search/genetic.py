"""NSGA-II for a study: its population is made of the trials as they end in virtual time."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.samplers.nsgaii._elite_population_selection_strategy import NSGAIIElitePopulationSelectionStrategy
from optuna.study._multi_objective import _dominates
from optuna.trial import FrozenTrial, TrialState

from hpsearch.search.past import Past
from hpsearch.search.samplers import AllTogether
from hpsearch.search.seeds import sampler_seed
from hpsearch.space import fields
from hpsearch.space.section import Section


class NsgaOptions(Section):
    """A child has two parents with `crossover_prob`, of which the second gives each value with `swapping_prob`.

    A value is drawn anew with `mutation_prob` (none: once a child, on the average).
    """

    population_size: fields.Several = 50
    crossover_prob: fields.Share = 0.9
    swapping_prob: fields.Share = 0.5
    mutation_prob: fields.OptionalShare = None


class NsgaII(AllTogether[NsgaOptions]):
    """Children of the best: Deb et al., IEEE Trans. Evolutionary Computation 2002, for one objective and several.

    Steady-state form (Durillo et al., EMO 2009): each complete trial joins the population, from which the worst, by
    rank of domination and then by crowding distance, is taken away. Random until the population is full. Optuna's own
    keeps its generations in the storage; this population is a function of the trials in the order of virtual time.
    """

    Options = NsgaOptions

    def draw(self, past: Past, number: int, together: Mapping[str, BaseDistribution]) -> dict[str, Any]:
        members = past.kept(self, partial(_Population, past, self.options.population_size)).members()
        if len(members) < self.options.population_size:
            return {}
        random = np.random.default_rng([sampler_seed(self.seed, number), 1])
        one = self._parent(past, members, random)
        others = [member for member in members if member is not one]
        other = self._parent(past, others, random) if random.random() < self.options.crossover_prob else one
        return self._child(together, one, other, random)

    def _parent(self, past: Past, members: list[FrozenTrial], random: np.random.Generator) -> FrozenTrial:
        """The better one of two, by domination."""
        one, other = (members[int(place)] for place in random.integers(len(members), size=2))
        return one if _dominates(one, other, past.directions) else other

    def _child(
        self,
        together: Mapping[str, BaseDistribution],
        one: FrozenTrial,
        other: FrozenTrial,
        random: np.random.Generator,
    ) -> dict[str, Any]:
        """The values that it has from a parent, from the other one where the first lacks it. The rest is drawn."""
        often = self.options.mutation_prob
        mutates = 1 / max(1, len(together)) if often is None else often
        child: dict[str, Any] = {}
        for name in together:
            swapped, mutated = random.random() < self.options.swapping_prob, random.random() < mutates
            for parent in (other, one) if swapped else (one, other):
                if not mutated and name not in child and name in parent.params:
                    child[name] = parent.params[name]
        return child


class _Population:
    """The best of the complete trials of a past; reads on each time that it is asked."""

    def __init__(self, past: Past, size: int) -> None:
        self._past, self._read = past, 0
        self._size, self._best = size, NSGAIIElitePopulationSelectionStrategy(population_size=size)
        self._members: list[FrozenTrial] = []

    def members(self) -> list[FrozenTrial]:
        """At most `size` trials."""
        for ended in self._past.ended[self._read :]:
            trial = self._past.shown(ended.number)
            if trial is not None and trial.state == TrialState.COMPLETE:
                self._members.append(trial)
            if len(self._members) > self._size:
                self._members = self._best(self._past, self._members)
        self._read = len(self._past.ended)
        return self._members
