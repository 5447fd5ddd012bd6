"""Pruners: after which epochs they decide, and whether a trial stops there.

A decision reads the study and writes nothing. The coordinator reports and asks in virtual-time order, so the
storage holds exactly what came before.
"""

from __future__ import annotations

from typing import Protocol

import optuna
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial


class Pruner(Protocol):
    """Values are reported to the storage at the decision epochs only."""

    def decisions(self, epochs: int) -> list[int]:
        """The epochs, ascending and before the last, after which a trial of so many epochs may be stopped."""

    def prunes(self, study: optuna.Study, trial: FrozenTrial, epoch: int) -> bool:
        """Whether the trial, whose value at `epoch` is reported, stops now."""


class NoPruner:
    """Every trial trains all its epochs."""

    def decisions(self, epochs: int) -> list[int]:
        return []

    def prunes(self, study: optuna.Study, trial: FrozenTrial, epoch: int) -> bool:
        return False


class Median:
    """Stop a trial whose best value so far is worse than the median of the completed ones at the same epoch.

    Golovin et al., "Google Vizier", KDD 2017. The first five completed trials are only watched.
    """

    def __init__(self) -> None:
        self._pruner = optuna.pruners.MedianPruner()

    def decisions(self, epochs: int) -> list[int]:
        return list(range(1, epochs))

    def prunes(self, study: optuna.Study, trial: FrozenTrial, epoch: int) -> bool:
        return self._pruner.prune(study, trial)


class Asha:
    """Asynchronous successive halving, stopping form: Li et al., MLSys 2020.

    At the rungs 1, 3, 9, 27, … epochs a trial goes on if it is in the best third of those that have come
    there. Optuna's own keeps its rungs in the storage, where a crash between two writes changes a decision.
    """

    reduction = 3

    def decisions(self, epochs: int) -> list[int]:
        rungs, rung = [], 1
        while rung < epochs:
            rungs.append(rung)
            rung *= self.reduction
        return rungs

    def prunes(self, study: optuna.Study, trial: FrozenTrial, epoch: int) -> bool:
        values = [
            other.intermediate_values[epoch]
            for other in study.get_trials(deepcopy=False)
            if epoch in other.intermediate_values
        ]
        best_first = sorted(values, reverse=study.direction == StudyDirection.MAXIMIZE)
        last_kept = best_first[max(1, len(values) // self.reduction) - 1]
        own = trial.intermediate_values[epoch]
        return own < last_kept if study.direction == StudyDirection.MAXIMIZE else own > last_kept
