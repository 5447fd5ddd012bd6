"""Quasi-random points: they fill the space more evenly than random ones, and look at no other trial."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution

from hpsearch.search.past import Past
from hpsearch.search.samplers import AllTogether
from hpsearch.search.units import from_units
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

    def draw(self, past: Past, number: int, together: Mapping[str, BaseDistribution]) -> dict[str, Any]:
        engine = self._engine
        engine.reset()
        if number:
            engine.fast_forward(number)
        return from_units(together, engine.random(1)[0])

    @cached_property
    def _engine(self) -> Any:
        from scipy.stats import qmc  # takes a while to import

        kind = {"sobol": qmc.Sobol, "halton": qmc.Halton}[self.options.sequence]
        coordinates = sum(not of.single() for of in self.distributions.values())
        return kind(coordinates, scramble=True, rng=np.random.default_rng([self.seed, self.first]))
