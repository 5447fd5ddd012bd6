"""Pruners: after which epochs they decide, and whether a trial stops there.

A decision reads what came before and writes nothing. The coordinator reports and asks in virtual-time order, so
the reports are exactly those that came before.
"""

from __future__ import annotations

import math
from functools import partial
from itertools import accumulate
from typing import Protocol

from optuna.study import StudyDirection
from optuna.trial import FrozenTrial

from hpsearch.search.past import Past
from hpsearch.search.ranks import Completed, Rungs
from hpsearch.search.seeds import bracket_lot


class Pruner(Protocol):
    """Made with the study's seed. Values are reported at the decision epochs only."""

    def decisions(self, number: int, epochs: int) -> list[int]:
        """The epochs, ascending and before the last, after which a trial of so many epochs may be stopped."""

    def prunes(self, past: Past, trial: FrozenTrial, epoch: int) -> bool:
        """Whether the trial, whose value at `epoch` is reported, stops now."""


class NoPruner:
    """Every trial trains all its epochs."""

    def __init__(self, seed: int) -> None:
        pass

    def decisions(self, number: int, epochs: int) -> list[int]:
        return []

    def prunes(self, past: Past, trial: FrozenTrial, epoch: int) -> bool:
        return False


class Median:
    """Stop a trial whose best value so far is worse than the median of the completed ones at the same epoch.

    Golovin et al., "Google Vizier", KDD 2017. The first five completed trials are only watched.
    """

    watched = 5

    def __init__(self, seed: int) -> None:
        pass

    def decisions(self, number: int, epochs: int) -> list[int]:
        return list(range(1, epochs))

    def prunes(self, past: Past, trial: FrozenTrial, epoch: int) -> bool:
        completed = past.kept(self, partial(Completed, past))
        if completed.trials < self.watched:
            return False
        values = [value for value in trial.intermediate_values.values() if not math.isnan(value)]
        if not values:
            return True
        if past.direction == StudyDirection.MAXIMIZE:
            return max(values) < completed.median(epoch)
        return min(values) > completed.median(epoch)


class Asha:
    """Asynchronous successive halving, stopping form: Li et al., MLSys 2020.

    At the rungs 1, 3, 9, 27, … epochs a trial goes on if it is in the best third of those that have come
    there. Optuna's own keeps its rungs in the storage, where a crash between two writes changes a decision.
    """

    reduction = 3

    def __init__(self, seed: int) -> None:
        pass

    def decisions(self, number: int, epochs: int) -> list[int]:
        rungs, rung = [], 1
        while rung < epochs:
            rungs.append(rung)
            rung *= self.reduction
        return rungs

    def prunes(self, past: Past, trial: FrozenTrial, epoch: int) -> bool:
        return not past.kept(self, partial(Rungs, past)).in_best(trial.number, epoch, self.reduction)


class Hyperband:
    """Brackets of successive halving, from many short trials to a few whole ones: Li et al., JMLR 2018, algorithm 1.

    With η = 3 and R the trial's epochs, bracket s (from ⌊log_η R⌋ down to 0) has its rungs at R η⁻ˢ, …, R η⁻¹
    epochs, where the best third go on as in ASHA; bracket 0 trains all to their end. A trial's bracket is drawn from
    the study's seed and its number, in the paper's proportions: n_s = ⌈(s_max + 1) ηˢ / (s + 1)⌉.
    """

    reduction = 3

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def decisions(self, number: int, epochs: int) -> list[int]:
        most = 0
        while self.reduction ** (most + 1) <= epochs:
            most += 1
        halvings = self._bracket(number, most)
        return [round(epochs / self.reduction**left) for left in range(halvings, 0, -1)]

    def _bracket(self, number: int, most: int) -> int:
        """How often the bracket of a trial is thinned out, from 0 to `most` times."""
        trials = [math.ceil((most + 1) * self.reduction**s / (s + 1)) for s in range(most + 1)]
        drawn = bracket_lot(self._seed, number) % sum(trials)
        return next(s for s, end in enumerate(accumulate(trials)) if drawn < end)

    def prunes(self, past: Past, trial: FrozenTrial, epoch: int) -> bool:
        # Brackets begin at different epochs, by which the rungs tell them apart.
        return not past.kept(self, partial(Rungs, past)).in_best(trial.number, epoch, self.reduction)
