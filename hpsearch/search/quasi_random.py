"""Quasi-random points: they fill the space more evenly than random ones, and look at no other trial."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial

from hpsearch.events import Scalar
from hpsearch.search.past import Past
from hpsearch.search.samplers import AllTogether
from hpsearch.search.units import from_unit
from hpsearch.space import fields
from hpsearch.space.section import Section


class QmcOptions(Section):
    """`sobol` is even where there are powers of two of trials, `halton` at any number of few hyperparameters."""

    sequence: fields.LowDiscrepancy = "sobol"


class QuasiRandom(AllTogether[QmcOptions]):
    """Trial n is the n-th point of a scrambled sequence: Sobol's (Owen, 1998) or Halton's (Owen, 2017).

    Bousquet et al., "Critical hyper-parameters: no random, no cry", 2017. Each searched hyperparameter is one
    coordinate, a list of options too, and one that `when` leaves out. The scrambling is a function of the study's seed.
    """

    Options = QmcOptions

    def relative(
        self,
        past: Past,
        sampler: BaseSampler,
        draft: FrozenTrial,
        together: dict[str, BaseDistribution],
        given: Mapping[str, Scalar],
    ) -> dict[str, Any]:
        if not together:
            return {}
        engine, place = self._engine, draft.number - self.first
        engine.reset()
        if place:
            engine.fast_forward(place)
        point = engine.random(1)[0]
        return {name: from_unit(of, float(x)) for (name, of), x in zip(together.items(), point, strict=True)}

    @cached_property
    def _engine(self) -> Any:
        from scipy.stats import qmc  # takes a while to import

        kind = {"sobol": qmc.Sobol, "halton": qmc.Halton}[self.options.sequence]
        coordinates = sum(not of.single() for of in self.distributions.values())
        return kind(coordinates, scramble=True, rng=np.random.default_rng([self.seed, self.first]))
