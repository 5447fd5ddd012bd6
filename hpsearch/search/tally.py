"""What a study has come to so far, kept up as trials end: counts, the best, and whether it is enough."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

from hpsearch.declarations import better
from hpsearch.search.records import TrialRecord
from hpsearch.space.study_file import Search


@dataclass(slots=True)
class Tally:
    """Feed it every finished trial in the order in which they ended."""

    direction: Literal["maximize", "minimize"]
    counts: Counter[Literal["complete", "pruned", "failed"]] = field(default_factory=Counter)
    best: TrialRecord | None = None
    since_best: int = 0
    #: The best value that any trial has shown after any epoch, under way or ended: (value, number, epoch).
    leader: tuple[float, int, int] | None = None

    @property
    def finished(self) -> int:
        """How many trials have ended, however they did."""
        return self.counts.total()

    def add(self, trial: TrialRecord) -> None:
        """Count a trial that has ended."""
        self.counts["failed" if trial.failure else "pruned" if trial.state == "PRUNED" else "complete"] += 1
        self.since_best += 1
        if trial.scored and (self.best is None or self._better(trial.value, self.best.value)):
            self.best, self.since_best = trial, 0

    def hear(self, number: int, epoch: int, value: float) -> None:
        """Take note of a trial's value after an epoch, which decides nothing but is good to see."""
        if math.isfinite(value) and (self.leader is None or self._better(value, self.leader[0])):
            self.leader = (value, number, epoch)

    def limit(self, search: Search) -> Literal["target", "patience"] | None:
        """Which of the two ends the search: the target is reached, or nothing better has come for too many trials."""
        if search.target is not None and self.best is not None and not self._better(search.target, self.best.value):
            return "target"
        return "patience" if search.patience is not None and self.since_best >= search.patience else None

    def _better(self, one: float | None, other: float | None) -> bool:
        if one is None or other is None:
            return False
        return better(self.direction, one, other)
