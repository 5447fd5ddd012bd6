"""A study's trials in memory, as Optuna's samplers and pruners read a study, and at no cost that grows with it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Container, Hashable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import optuna
from optuna.distributions import BaseDistribution
from optuna.storages import BaseStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

Kept = TypeVar("Kept")


class Report(NamedTuple):
    """A value that a trial reported for the pruner after an epoch."""

    number: int
    epoch: int
    value: float


class Past(optuna.Study):
    """What has come before. Read from the storage once; then the one writer tells it of each change.

    `reports` and `ended` only ever grow, so whoever follows a study reads on where it left off. Trials have `ended`
    in virtual-time order, after an interruption too. The order of `reports` is that of writing, and after an
    interruption that of the numbers: nothing may depend on it.
    """

    def __init__(
        self, storage: BaseStorage, name: str, judge: int = 0, ranges: Mapping[str, BaseDistribution] | None = None
    ) -> None:
        """`judge` is the place of the objective that pruners read, `ranges` are the distributions of now, where
        trials may have been asked from others.

        Raises KeyError where the storage has no such study.
        """
        super().__init__(name, storage)
        self._judge, self._ranges = judge, ranges
        self._view: list[FrozenTrial] | None = None
        #: The trials that wait for another one's result, and the first with their assignment.
        self.waiting: dict[int, int] = {}
        self._trials: list[FrozenTrial] = []
        self.reports: list[Report] = []
        #: The trials that have ended, however they did, as they stay.
        self.ended: list[FrozenTrial] = []
        #: How many have ended, those that repeat another one among them.
        self.finished = 0
        #: Those under way, by number.
        self.under_way: dict[int, FrozenTrial] = {}
        self._kept: dict[Hashable, Any] = {}
        for trial in storage.get_all_trials(self._study_id, deepcopy=False):
            self.update(trial)
        self.ended.sort(key=ended_as)

    @property
    def direction(self) -> StudyDirection:
        """That of what trials report after an epoch. Optuna's own property refuses several objectives."""
        return self._directions[self._judge]

    @property
    def by_number(self) -> Sequence[FrozenTrial]:
        """Every trial by number; not to be changed."""
        return self._trials

    def update(self, trial: FrozenTrial) -> None:
        """Take note of a new trial, or of a change in one that has not ended. Again is the same.

        One that repeats another says nothing new: neither sampler nor pruner sees it.
        """
        known = self._trials[trial.number] if trial.number < len(self._trials) else None
        if known is None:
            self._trials.append(trial)
        elif known.state.is_finished():
            return
        else:
            self._trials[trial.number] = trial
        self.finished += trial.state.is_finished()
        if "repeats" in trial.user_attrs:
            self.waiting[trial.number] = trial.user_attrs["repeats"]
            if trial.state.is_finished():
                del self.waiting[trial.number]
            return
        before = {} if known is None else known.intermediate_values
        for epoch, value in trial.intermediate_values.items():
            if epoch not in before:
                self.reports.append(Report(trial.number, epoch, value))
        if trial.state.is_finished():
            self.under_way.pop(trial.number, None)
            self.ended.append(trial)
        else:
            self.under_way[trial.number] = trial

    def kept(self, owner: Hashable, make: Callable[[], Kept]) -> Kept:
        """What `owner` has worked out of this past so far, made at the first call: it has no other state."""
        if owner not in self._kept:
            self._kept[owner] = make()
        kept: Kept = self._kept[owner]
        return kept

    def showing(self, trials: list[FrozenTrial]) -> optuna.Study:
        """The same study with these trials only."""
        view = copy.copy(self)
        view._view = trials
        return view

    def shown(self, number: int) -> FrozenTrial | None:
        """A trial as samplers see it: in the ranges of now; None where it lies outside of them, or is a repeat."""
        trial = self._trials[number]
        if "repeats" in trial.user_attrs:
            return None
        if self._ranges is None or trial.distributions == {name: self._ranges.get(name) for name in trial.params}:
            return trial
        ranges = {name: self._ranges[name] for name in trial.params if name in self._ranges}
        if len(ranges) < len(trial.params) or not all(
            of._contains(of.to_internal_repr(trial.params[name])) for name, of in ranges.items()
        ):
            return None
        seen = copy.copy(trial)
        seen.distributions = ranges
        return seen

    def _get_trials(
        self, deepcopy: bool = True, states: Container[TrialState] | None = None, use_cache: bool = False
    ) -> list[FrozenTrial]:
        # What Optuna's own samplers and pruners read by.
        trials = self._view
        if trials is None:
            trials = [trial for number in range(len(self._trials)) if (trial := self.shown(number)) is not None]
        found = trials if states is None else [trial for trial in trials if trial.state in states]
        return copy.deepcopy(found) if deepcopy else found


def ended_as(trial: FrozenTrial) -> tuple[int, int, int]:
    """What puts ended trials into the order of their ends: which one it was, and where in virtual time.

    Where it ended is not enough: a trial whose result is known ends when it is asked for, perhaps before another one
    of a lower number ends at the same tick.
    """
    result = trial.user_attrs.get("result", {})
    return result.get("nth", -1), result.get("end", 0), trial.number
