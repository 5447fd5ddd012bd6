"""Searches against each other: which are compared, after how many trials, and what each has found by when."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hpsearch.declarations import Direction
from hpsearch.errors import InputError
from hpsearch.reports.statistics import Floats
from hpsearch.search.groups import Contestant, Repeat
from hpsearch.search.records import StudyRecord, TrialRecord
from hpsearch.space.study_file import differences

MOST = 8  # contestants: as many as there are colours to tell them apart


@dataclass(frozen=True, slots=True)
class Comparison:
    """Contestants with one metric and direction on the same data, in the order in which they were named.

    `trials` is how many of each study count, by number; None: all of them. `target` is a value of the metric.
    """

    contestants: tuple[Contestant, ...]
    trials: int | None = None
    target: float | None = None

    @property
    def metric(self) -> str:
        return self.contestants[0].repeats[0].study.metric

    @property
    def direction(self) -> Direction:
        return self.contestants[0].repeats[0].study.direction

    @property
    def sign(self) -> float:
        """Times the metric is a score: larger is better."""
        return 1.0 if self.direction == "maximize" else -1.0

    def counted(self, repeat: Repeat) -> tuple[TrialRecord, ...]:
        """The trials of a repeat that count."""
        most = math.inf if self.trials is None else self.trials
        return tuple(trial for trial in repeat.study.trials if trial.finished and trial.number < most)

    def final(self, repeat: Repeat) -> float | None:
        """The best value of the trials that count; None where none came to a good end."""
        steps = self.by_trial(repeat)
        return steps[-1][1] if steps else None

    def finals(self, contestant: Contestant) -> dict[int, float]:
        """Seed → final value, for the repeats that have one."""
        found = {seed: self.final(repeat) for seed, repeat in contestant.by_seed.items()}
        return {seed: value for seed, value in found.items() if value is not None}

    def by_trial(self, repeat: Repeat) -> list[tuple[float, float]]:
        """How many trials had begun, and the best value of these, each time that there was a better one."""
        return self._improvements([(trial.number + 1.0, trial) for trial in self.counted(repeat)])

    def by_seconds(self, repeat: Repeat) -> list[tuple[float, float]]:
        """As `by_trial`, over the training time of all trials that had ended, in the order in which they did."""
        clock, ended = 0.0, []
        for trial in sorted(self.counted(repeat), key=lambda trial: (trial.ended or trial.started, trial.number)):
            clock += trial.seconds or 0.0
            ended.append((clock, trial))
        return self._improvements(ended)

    def seconds(self, repeat: Repeat) -> float:
        """The training time of all trials that count."""
        return sum(trial.seconds or 0.0 for trial in self.counted(repeat))

    def common_seeds(self, *contestants: Contestant) -> list[int]:
        """The seeds for which all of these have a final value."""
        return sorted(set.intersection(*(set(self.finals(one)) for one in contestants)))

    def pairs(self) -> list[tuple[Contestant, Contestant]]:
        """Every two of the contestants, in order."""
        return [(one, other) for place, one in enumerate(self.contestants) for other in self.contestants[place + 1 :]]

    def reaches(self, value: float) -> bool:
        """Whether a value is at least as good as the target."""
        return self.target is not None and self.sign * value >= self.sign * self.target

    def _improvements(self, trials: Sequence[tuple[float, TrialRecord]]) -> list[tuple[float, float]]:
        best: list[tuple[float, float]] = []
        for place, trial in trials:
            value = trial.value
            if not trial.scored or value is None or not math.isfinite(value):
                continue
            if not best or self.sign * value > self.sign * best[-1][1]:
                best.append((place, value))
        return best


def compare(contestants: Sequence[Contestant], trials: int | None, target: float | None) -> Comparison:
    """The comparison of these. `trials` None: after as many as every study has, 0: after all of each.

    Raises InputError where it would not be an honest one: other data, another metric or direction.
    """
    if len(contestants) > MOST:
        raise InputError(f"{len(contestants)} contestants are too many to tell apart", hint=f"name {MOST} at most")
    first = contestants[0].repeats[0]
    for contestant in contestants:
        for repeat in contestant.repeats:
            if trouble := _trouble(first, repeat):
                raise InputError(f"{contestants[0].name!r} and {contestant.name!r} cannot be compared: {trouble}")
    shared = min(whole(repeat.study) for contestant in contestants for repeat in contestant.repeats)
    return Comparison(tuple(contestants), None if trials == 0 else trials or max(shared, 1), target)


def _trouble(one: Repeat, other: Repeat) -> str | None:
    """Why two searches cannot be compared, if they cannot.

    Data are the same if their fingerprints are, however the files say it; without fingerprints, the files must agree.
    """
    facts: list[dict[str, Any]] = [
        {"metric": each.study.metric, "direction": each.study.direction} for each in (one, other)
    ]
    known = None not in (one.data, other.data)
    if not known or one.data != other.data:
        for fact, each in zip(facts, (one, other), strict=True):
            fact["data"] = each.identity["data"]
    found = differences(facts[0], facts[1])
    if not found and known and one.data != other.data:
        return "their data were not the same"
    return found[0] if found else None


def whole(study: StudyRecord) -> int:
    """How many trials have ended before the first, by number, that has not."""
    ended = {trial.number for trial in study.trials if trial.finished}
    return next(number for number in range(len(ended) + 1) if number not in ended)


def uneven(comparison: Comparison) -> list[str]:
    """What a reader must know of trials that do not count, or are not there: sentences."""
    counts = {r.study.name: whole(r.study) for c in comparison.contestants for r in c.repeats}
    fewest, most = min(counts, key=counts.__getitem__), max(counts, key=counts.__getitem__)
    have = f"{fewest} has {counts[fewest]}, {most} has {counts[most]}."
    said = []
    if counts[fewest] == 0:
        said.append(f"{fewest} has no trial yet.")
    if comparison.trials is None and counts[fewest] != counts[most]:
        said.append(f"Not all have equally many trials: {have}")
    elif comparison.trials is not None and counts[fewest] < comparison.trials:
        said.append(f"Not all have {comparison.trials} trials: {have}")
    elif comparison.trials is not None and comparison.trials < counts[most]:
        first = "trial counts" if comparison.trials == 1 else f"{comparison.trials} trials count"
        said.append(f"Of each, the first {first}: {have}")
    return said


def at(steps: Sequence[tuple[float, float]], places: Floats) -> Floats:
    """The value of a step function at each place; NaN before its first step."""
    starts = np.array([place for place, _ in steps])
    values = np.array([math.nan, *(value for _, value in steps)])
    return np.asarray(values[np.searchsorted(starts, places, side="right")], dtype=np.float64)
