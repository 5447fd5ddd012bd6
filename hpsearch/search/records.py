"""A study and its trials as plain frozen data: what a report, a table and the command line read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

from hpsearch.declarations import Direction, better
from hpsearch.events import Failure, History, Scalar
from hpsearch.search.front import front, losses
from hpsearch.training.findings import Finding

State = Literal["COMPLETE", "PRUNED", "FAIL", "RUNNING", "WAITING"]


@dataclass(frozen=True, slots=True)
class Dimension:
    """One searched hyperparameter: a list of options, or else a range with both ends included."""

    name: str
    options: tuple[Scalar, ...] | None = None
    low: float | None = None
    high: float | None = None
    log: bool = False
    integer: bool = False
    step: float | None = None

    @property
    def varies(self) -> bool:
        """Whether there is more than one value to choose from."""
        return len(self.options) > 1 if self.options is not None else self.low != self.high

    def place(self, params: Mapping[str, Scalar]) -> float | None:
        """Where a trial stands: its value, or its option's place in the list; None where it has none of them."""
        if self.name not in params:
            return None
        value = params[self.name]
        if self.options is None:
            return float(value or 0)
        return float(self.options.index(value)) if value in self.options else None


@dataclass(frozen=True, slots=True)
class TrialRecord:
    """One trial as the storage has it. `value` is None unless COMPLETE; `seconds` is its training time.

    `params` holds the searched values only, `values` all of them. A diverged trial is COMPLETE with the
    metric's worst value and `failure` set. `ended` is None while it runs. `diagnosis` has the verdict first;
    it is empty for trials of older versions. `objectives` has a complete trial's value of each objective, by metric,
    where a study has several; `value` is then that of the one by which trials are ranked. `costs` has what its network
    costs, by name, once it is counted. `repeats` is the trial whose assignment this one has again, and whose
    result it got; `known`, as ``study/number``, the trial of another study that it took its result over from.
    """

    number: int
    state: State
    value: float | None
    params: Mapping[str, Scalar]
    values: Mapping[str, Scalar]
    seed: int
    started: datetime
    ended: datetime | None
    seconds: float | None
    failure: Failure | None = None
    message: str = ""
    traceback: str = ""
    history: History = field(default_factory=History)
    slot_start: int = 0
    diagnosis: tuple[Finding, ...] = ()
    objectives: Mapping[str, float] = field(default_factory=dict)
    costs: Mapping[str, int] = field(default_factory=dict)
    repeats: int | None = None
    known: str | None = None

    @property
    def trained(self) -> bool:
        """Whether this trial has, or will have, a result of its own training."""
        return self.repeats is None and self.known is None

    @property
    def finished(self) -> bool:
        return self.state in ("COMPLETE", "PRUNED", "FAIL")

    def last(self, metric: str) -> float | None:
        """The metric after the last epoch; None where there is none, or it is not finite."""
        values = self.history.metrics.get(metric)
        return values[-1] if values and math.isfinite(values[-1]) else None

    def stopped_at(self, metric: str) -> float | None:
        """The last value of a pruned trial; None for any other."""
        return self.last(metric) if self.state == "PRUNED" else None

    @property
    def scored(self) -> bool:
        """Whether this trial can be the best one."""
        return self.state == "COMPLETE" and self.failure is None and self.value is not None


@dataclass(frozen=True)  # without slots, so that it can keep what is asked of it again and again
class StudyRecord:
    """A study at one moment: what it searches, how, every trial by number, and what the last run of it cost.

    `metric` and `direction` are those by which trials are ranked. `objectives` has all (metric, direction) in the
    order of the study file where there are several; where there is one, it is empty. `revisions` says of each change
    of the search the first trial that was asked for afterwards, and what changed.
    `data` is the fingerprint of what was trained on; `provenance` says who ran it last, with which versions. `slots` is
    how many trials are under way at a time, `stack` the most that train together where the study file says it.
    """

    name: str
    metric: str
    direction: Direction
    total: int
    seed: int
    sampler: str
    pruner: str
    created: datetime
    study_file: str
    dimensions: tuple[Dimension, ...]
    trials: tuple[TrialRecord, ...]
    effort: Mapping[str, Any] | None = None
    objectives: tuple[tuple[str, Direction], ...] = ()
    data: str | None = None
    provenance: Mapping[str, str] | None = None
    revisions: tuple[tuple[int, tuple[str, ...]], ...] = ()
    slots: int = 0
    stack: int | None = None

    def better(self, one: float, other: float) -> bool:
        """Whether value `one` is strictly better than `other` in this study's direction."""
        return better(self.direction, one, other)

    @cached_property
    def ranked(self) -> tuple[TrialRecord, ...]:
        """The scored trials by value, the best first; equal ones by number."""
        scored = (trial for trial in self.trials if trial.scored)
        sign = -1.0 if self.direction == "maximize" else 1.0
        return tuple(sorted(scored, key=lambda trial: sign * (trial.value or 0.0)))

    @property
    def best(self) -> TrialRecord | None:
        """The scored trial with the best value; of equal ones the first, or one of the front."""
        return next(iter(self.front if self.objectives else self.ranked), None)

    @cached_property
    def front(self) -> tuple[TrialRecord, ...]:
        """The scored trials that no other one beats in every objective, the best by `metric` first.

        Empty where there is one objective. A repeat is not in it beside its first.
        """
        if not self.objectives:
            return ()
        directions = [direction for _, direction in self.objectives]
        own = {
            trial.number: losses([trial.objectives[metric] for metric, _ in self.objectives], directions)
            for trial in self.ranked
            if trial.repeats is None
        }
        unbeaten = set(front(own))
        return tuple(trial for trial in self.ranked if trial.number in unbeaten)
