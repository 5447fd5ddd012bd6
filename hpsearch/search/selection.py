"""The trials that TPE looks at: all of a short past, and of a long one a bounded part that tells the same.

TPE splits the trials in a good group, the best 25 once there are 250, and the rest, and proposes where the density
of the good ones is high beside that of the rest (Bergstra et al., NeurIPS 2011). The good group is small and
decides, so it is kept whole. The rest is only ever used as a density, and a uniform sample of it has the same
density up to the noise of sampling, which is below what TPE's own 24 candidates bring. So an ask costs the same at
ten thousand trials as at `BOUND`; up to `BOUND` nothing is left out.

Of several objectives the good group is a tenth, by ranks of domination (Ozaki et al., "Multiobjective
tree-structured Parzen estimator", JAIR 2022): those that may be in it are a `Skyband`, of which the foremost
`BAND` are kept.

The sample is the trials of the lowest `lot`, a function of the study's seed and their number. So it depends on
which trials have ended and not on the order or on an interruption, and from ask to ask it changes little.
"""

from __future__ import annotations

import copy
import heapq
import math
from bisect import insort
from collections.abc import Sequence

from optuna.distributions import BaseDistribution
from optuna.samplers._tpe.sampler import _get_pruned_trial_score
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from hpsearch.search.front import Skyband, losses
from hpsearch.search.past import Past
from hpsearch.search.seeds import lot

BOUND = 500  # ended trials in the sample; chosen by measurement, see docs/benchmarks.md
GOOD = 25  # the most that TPE's good group ever has, of one objective
BAND = 200  # the most of the band that is kept beside the sample
TENTH = (BOUND + BAND) // 10  # the most that the good group has, of several objectives


class Selection:
    """Reads on in a past each time that it is asked."""

    def __init__(self, past: Past, seed: int, bound: int | None = None) -> None:
        self._past, self._seed, self._bound, self._read = past, seed, bound or BOUND, 0
        self._sample: list[tuple[int, int]] = []  # a heap of (−lot, number), so the first to go is on top
        self._complete: list[tuple[float, int]] = []  # the best, best first, of equal ones the first
        self._pruned: list[tuple[tuple[float, float], int]] = []  # the same among the pruned ones
        self._directions = [direction.name.lower() for direction in past.directions]
        self._band = Skyband(TENTH)
        self._lots: dict[int, int] = {}
        self._everywhere: dict[str, BaseDistribution] | None = None

    @property
    def everywhere(self) -> dict[str, BaseDistribution]:
        """What every ended trial has a value of, and not always the same one; sorted by name."""
        self._read_on()
        found = self._everywhere or {}
        return {name: found[name] for name in sorted(found) if not found[name].single()}

    def trials(self) -> list[FrozenTrial]:
        """At most `bound` + 2 × GOOD (or + BAND + GOOD) that have ended, and all that are under way, by number."""
        self._read_on()
        chosen = {number for _, number in (*self._sample, *self._complete, *self._pruned)}
        chosen.update(self._foremost())
        numbers = sorted(chosen.union(self._past.under_way))
        trials = [trial for number in numbers if (trial := self._past.shown(number)) is not None]
        return trials if self._one else _finite(trials, self._directions)

    def _foremost(self) -> list[int]:
        """Those of the band that the fewest dominate."""
        beaten_by = self._band.beaten_by
        return heapq.nsmallest(BAND, beaten_by, key=lambda number: (beaten_by[number], self._lots[number]))

    @property
    def _one(self) -> bool:
        return len(self._directions) == 1

    def _read_on(self) -> None:
        for ended in self._past.ended[self._read :]:
            trial = self._past.shown(ended.number)
            if trial is not None and trial.state in (TrialState.COMPLETE, TrialState.PRUNED):
                self._add(trial)
        self._read = len(self._past.ended)

    def _add(self, trial: FrozenTrial) -> None:
        if trial.state == TrialState.PRUNED:
            insort(self._pruned, (_get_pruned_trial_score(trial, self._past), trial.number))
            del self._pruned[GOOD:]
        elif not self._one:
            self._band.add(trial.number, losses(trial.values, self._directions))
        else:
            assert trial.value is not None
            sign = -1 if self._past.direction == StudyDirection.MAXIMIZE else 1
            insort(self._complete, (sign * trial.value, trial.number))
            del self._complete[GOOD:]
        self._lots[trial.number] = lot(self._seed, trial.number)
        ticket = (-self._lots[trial.number], trial.number)
        if len(self._sample) < self._bound:
            heapq.heappush(self._sample, ticket)
        else:
            heapq.heappushpop(self._sample, ticket)
        known = trial.distributions if self._everywhere is None else self._everywhere
        self._everywhere = {name: of for name, of in known.items() if trial.distributions.get(name) == of}


def _finite(trials: Sequence[FrozenTrial], directions: Sequence[str]) -> list[FrozenTrial]:
    """The same, with the worst finite value among them for one that is not: volumes of infinite sides tell nothing."""
    complete = [trial.values for trial in trials if trial.state == TrialState.COMPLETE]
    worst = []
    for place, direction in enumerate(directions):
        known = [values[place] for values in complete if math.isfinite(values[place])]
        worst.append((min if direction == "maximize" else max)(known, default=0.0))
    shown = []
    for trial in trials:
        if trial.state == TrialState.COMPLETE and not all(map(math.isfinite, trial.values)):
            trial = copy.copy(trial)
            trial.values = [v if math.isfinite(v) else bad for v, bad in zip(trial.values, worst, strict=True)]
        shown.append(trial)
    return shown
