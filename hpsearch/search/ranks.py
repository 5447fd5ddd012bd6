"""The values that trials have shown at the same epoch, sorted, and kept so as more of them come."""

from __future__ import annotations

import math
from bisect import insort
from collections import defaultdict

from optuna.study import StudyDirection
from optuna.trial import TrialState

from hpsearch.search.past import Past


class Rungs:
    """What was reported at each rung, by bracket and epoch; a trial's bracket is the first epoch it reports at.

    Values are negated where larger is better, so the best comes first; one that is not a number is the worst.
    """

    def __init__(self, past: Past) -> None:
        self._past, self._read = past, 0
        self._sign = -1.0 if past.direction == StudyDirection.MAXIMIZE else 1.0
        self._ranked: defaultdict[tuple[int, int], list[float]] = defaultdict(list)

    def in_best(self, number: int, epoch: int, reduction: int) -> bool:
        """Whether a trial is in the best 1/`reduction` of its bracket at this rung, where one always is."""
        for report in self._past.reports[self._read :]:
            insort(self._at(report.number, report.epoch), self._badness(report.value))
        self._read = len(self._past.reports)
        ranked = self._at(number, epoch)
        last_kept = ranked[max(1, len(ranked) // reduction) - 1]
        return self._badness(self._past.by_number[number].intermediate_values[epoch]) <= last_kept

    def _at(self, number: int, epoch: int) -> list[float]:
        return self._ranked[min(self._past.by_number[number].intermediate_values), epoch]

    def _badness(self, value: float) -> float:
        return math.inf if math.isnan(value) else self._sign * value


class Completed:
    """What the completed trials had reported at each epoch, ascending; values that are not numbers are left out."""

    def __init__(self, past: Past) -> None:
        self._past, self._read = past, 0
        self._trials = 0
        self._values: defaultdict[int, list[float]] = defaultdict(list)

    def median(self, epoch: int) -> float:
        """The median at an epoch; NaN where there is none."""
        self._read_on()
        values = self._values[epoch]
        if not values:
            return math.nan
        low, high = values[(len(values) - 1) // 2], values[len(values) // 2]
        return low if len(values) % 2 else high - (high - low) / 2

    @property
    def trials(self) -> int:
        """How many there are."""
        self._read_on()
        return self._trials

    def _read_on(self) -> None:
        for trial in self._past.ended[self._read :]:
            if trial.state == TrialState.COMPLETE:
                self._trials += 1
                for epoch, value in trial.intermediate_values.items():
                    if not math.isnan(value):
                        insort(self._values[epoch], value)
        self._read = len(self._past.ended)
