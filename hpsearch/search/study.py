"""A study in Optuna's storage: the coordinator asks, reports and tells here, and nobody else writes.

Each step is one write, or safe to do again: a `kill -9` between any two leaves a study that goes on as if
nothing had happened.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

import optuna
from optuna.storages import BaseStorage
from optuna.study._frozen import FrozenStudy
from optuna.trial import FrozenTrial, TrialState, create_trial

from hpsearch import registry
from hpsearch.errors import InputError
from hpsearch.events import Assignment, Failure, History, Scalar
from hpsearch.search.clock import Position
from hpsearch.search.dimensions import dimensions
from hpsearch.search.distributions import distribution
from hpsearch.search.groups import GROUP
from hpsearch.search.limits import Costs, Counted, Limited
from hpsearch.search.objectives import Objectives
from hpsearch.search.past import Past, ended_as
from hpsearch.search.proposals import Proposal, Proposals
from hpsearch.search.pruners import Pruner
from hpsearch.search.reading import EXHAUSTED, has_only_begun, read_study, trial_record
from hpsearch.search.records import StudyRecord, TrialRecord
from hpsearch.search.revisions import FORK, changed, revised
from hpsearch.search.storage import sync
from hpsearch.space.study_file import StudyFile
from hpsearch.training.config import declared
from hpsearch.training.epoch_cost import epoch_ticks
from hpsearch.training.findings import Finding


class SearchStudy:
    """One study, open for writing. Raises InputError where the stored study was another search."""

    def __init__(
        self,
        storage: BaseStorage,
        file: StudyFile,
        text: str,
        data: str | None = None,
        costs: Costs = lambda values: {},
        samples: int = 0,
    ) -> None:
        """`data` is a fingerprint of what is trained on: a study goes on with no other.

        `costs` says what a network costs: asked before a trial where the study file counts that, else at its end.
        `samples` are trained in an epoch.
        """
        self.file, self._storage, self._data, self._samples = file, storage, data, samples
        self.space = file.space
        self._distributions = {d.name: distribution(d) for d in dimensions(self.space)}
        self.objectives, self._costs = Objectives(file), Counted(costs, self.space)
        self.sampler = Limited(
            file.search.sampler,
            self.space,
            self._distributions,
            file.search.seed,
            file.search.constraints,
            self._costs,
        )
        self.pruner: Pruner = registry.load("pruner", file.search.pruner)(file.search.seed)
        self._id = self._open(text)
        ranges = self._distributions if self._revised else None
        self._past = Past(storage, file.name, self.objectives.judge, ranges)
        self._proposals = Proposals(file, self.sampler, self._past)

    def _open(self, text: str) -> int:
        names = {study.study_name: study for study in self._storage.get_all_studies()}
        stored = names.get(self.file.name)
        kept = None if stored is None else stored.user_attrs.get("hpsearch")
        if stored is not None and kept is None and not self._only_begun(stored):
            raise InputError(f"study {self.file.name!r} in this storage was not made by hpsearch")
        if kept is not None:
            changed(self._storage, self.file)
            if self._data is not None and kept.get("data") not in (None, self._data):
                raise InputError(
                    f"study {self.file.name!r} is there already, and its data have changed since",
                    hint=FORK,
                )
        study = optuna.create_study(
            storage=self._storage,
            study_name=self.file.name,
            directions=self.objectives.directions,
            load_if_exists=True,
        )
        #: When the study was made, in Unix seconds, as text: what tells it from another of its name.
        self.created: str = str(time.time()) if kept is None else kept["created"]
        facts = {"file": self.file.to_dict(), "text": text, "created": self.created, "data": self._data}
        if kept is not None and (revisions := revised(kept, self.file, self._storage.get_n_trials(study._study_id))):
            facts["revisions"] = revisions
        self._revised = "revisions" in facts
        if kept != facts:
            self._storage.set_study_user_attr(study._study_id, "hpsearch", facts)
        return study._study_id

    def _only_begun(self, stored: FrozenStudy) -> bool:
        """Whether it may be this study, made and not described yet."""
        same = [way.name.lower() for way in stored.directions] == self.objectives.directions
        return same and has_only_begun(self._storage, stored)

    @property
    def trials(self) -> Sequence[FrozenTrial]:
        """All trials by number, as the storage has them."""
        return self._past.by_number

    @property
    def ends(self) -> list[int]:
        """The numbers of the trials that have ended, in the order in which they did."""
        ended = [trial for trial in self.trials if trial.state.is_finished()]
        return [trial.number for trial in sorted(ended, key=ended_as)]

    def _trial_id(self, number: int) -> int:
        return self._past.by_number[number]._trial_id

    def _written(self, trial_id: int) -> None:
        """Take note of a trial as the storage now has it."""
        self._past.update(self._storage.get_trial(trial_id))

    @property
    def exhausted(self) -> int | None:
        """How many assignments the space has, where all have been tried and none is to be tried again; else None."""
        return self._proposals.exhausted

    @property
    def waiting(self) -> int:
        """How many trials wait for the result of another one that has their assignment."""
        return len(self._past.waiting)

    def ask(self, tick: int) -> Assignment | None:
        """The next trial, begun in a slot at a tick, in one write; None where the space holds no more.

        Where its result is known it has ended at once; where a trial under way will tell, it waits, and is not trained.
        """
        number = len(self.trials)
        proposal = self._proposals.next()
        if proposal is None:
            if number < self.file.total and self.exhausted is None:
                self._storage.set_study_user_attr(self._id, EXHAUSTED, number)
            return None
        self._written(self._storage.create_new_trial(self._id, self._begun(number, proposal, tick)))
        return Assignment(number, proposal.values, proposal.seed)

    def _begun(self, number: int, proposal: Proposal, tick: int) -> FrozenTrial:
        attributes: dict[str, Any] = {"values": proposal.values, "seed": proposal.seed, "start": tick}
        if self.file.search.ticks == "cost":
            attributes["ticks"] = epoch_ticks(self._costs(proposal.values), proposal.values, self._samples)
        if self.file.counts_costs:
            attributes["costs"] = dict(self._costs(proposal.values))
        source, reports = proposal.first or proposal.known, {}
        if proposal.first is not None:
            attributes["repeats"] = proposal.first.number
        elif proposal.known is not None and proposal.source is not None:
            attributes["known"] = list(proposal.source)
            # What it would have reported here is part of what pruners compare.
            shown = proposal.known.user_attrs["result"]["metrics"][self.file.objective.metric]
            epochs = self.pruner.decisions(number, epochs_of(proposal.values))
            reports = {epoch: float(shown[epoch - 1]) for epoch in epochs if epoch <= len(shown)}
        done = source if source is not None and source.state.is_finished() else None
        if done is not None:
            attributes["result"] = self._taken_over(done, tick)
        return create_trial(
            state=TrialState.RUNNING if done is None else done.state,
            values=None if done is None else done.values,
            params=dict(proposal.params),
            distributions={name: self._distributions[name] for name in proposal.params},
            user_attrs=attributes,
            intermediate_values=reports,
        )

    def predicted_ticks(self, trials: Sequence[TrialRecord]) -> list[int]:
        """What an epoch of each of these is predicted to cost, in ticks of a clock that counts by cost.

        Left out are those that were not trained here, and those whose costs are not known, or not yet.
        """
        counted = [trial for trial in trials if trial.trained and trial.costs]
        return [epoch_ticks(trial.costs, trial.values, self._samples) for trial in counted]

    def end_repeats(self, tick: int) -> list[int]:
        """End the trials that waited for another one which has ended now, with its result. Returns their numbers."""
        ended = [number for number, first in self._past.waiting.items() if self.trials[first].state.is_finished()]
        for number in ended:
            first = self.trials[self._past.waiting[number]]
            trial = self._trial_id(number)
            self._storage.set_trial_user_attr(trial, "result", self._taken_over(first, tick))
            self._storage.set_trial_state_values(trial, first.state, first.values)
            self._written(trial)
        return ended

    def _taken_over(self, trial: FrozenTrial, tick: int) -> dict[str, Any]:
        """Another trial's result, which costs no training here, and was trained nowhere."""
        own = {"end": tick, "nth": self._past.finished, "seconds": 0.0, "trained_by": []}
        return {**trial.user_attrs["result"], **own}

    def report(self, number: int, epoch: int, value: float) -> None:
        """Write a value that the pruner needs; again is the same."""
        trial = self._trial_id(number)
        self._storage.set_trial_intermediate_value(trial, epoch, value)
        self._written(trial)

    def prunes(self, number: int, epoch: int) -> bool:
        """Whether the pruner stops this trial, whose value at `epoch` was just reported."""
        return self.pruner.prunes(self._past, self.trials[number], epoch)

    def tell(
        self,
        number: int,
        values: Sequence[float] | None,
        history: History,
        end: int,
        *,
        pruned: bool = False,
        failure: tuple[Failure, str, str] | None = None,
        seconds: float = 0.0,
        diagnosis: Sequence[Finding] = (),
    ) -> None:
        """End a trial: COMPLETE with a value for each objective, PRUNED, or FAIL, at tick `end`.

        `failure` is (class, message, traceback).
        """
        trial = self._trial_id(number)
        result: dict[str, Any] = {
            "metrics": _json_lists(history.metrics),
            "times": history.times,
            "seconds": seconds,
            "end": end,
            "nth": self._past.finished,
            "signals": {str(epoch): _json_lists(signals) for epoch, signals in history.signals.items()},
            "diagnosis": [[finding.name, finding.sentence] for finding in diagnosis],
            "trained_by": [list(placement) for placement in history.trained_by],
        }
        if not self.file.counts_costs:
            result["costs"] = dict(self._costs(self.trials[number].user_attrs["values"]))
        if failure is not None:
            result |= dict(zip(("failure", "message", "traceback"), failure, strict=True))
        self._storage.set_trial_user_attr(trial, "result", result)
        state = TrialState.PRUNED if pruned else TrialState.FAIL if values is None else TrialState.COMPLETE
        self._storage.set_trial_state_values(trial, state, values)
        self._written(trial)

    def note_effort(self, effort: Mapping[str, Any]) -> None:
        """Keep what the last run cost, plain JSON."""
        self._storage.set_study_user_attr(self._id, "effort", dict(effort))

    def note_provenance(self, facts: Mapping[str, str]) -> None:
        """Keep who ran it last, from which commit, with which versions."""
        self._storage.set_study_user_attr(self._id, "provenance", dict(facts))

    def join(self, group: str) -> None:
        """Note that this study is one of a group of repeats; again is the same."""
        if self._storage.get_study_user_attrs(self._id).get(GROUP) != group:
            self._storage.set_study_user_attr(self._id, GROUP, group)

    def sync(self) -> None:
        """Return when all that was told would survive a power cut: do so before anything is shown."""
        sync(self._storage)

    def trial(self, number: int) -> TrialRecord:
        """One trial as it stands."""
        return trial_record(self.trials[number], self.objectives)

    def record(self) -> StudyRecord:
        """The study as it stands."""
        return read_study(self._storage, self.file.name)


def _json_lists(named: Mapping[str, Sequence[float]]) -> dict[str, list[float | str]]:
    return {name: [_json(value) for value in values] for name, values in named.items()}


def _json(value: float) -> float | str:
    """A number that any reader of JSON takes; one that is not finite as "nan", "inf" or "-inf"."""
    return value if math.isfinite(value) else str(value)


def epochs_of(values: Mapping[str, Scalar]) -> int:
    """How many epochs a trial of these values trains."""
    epochs = values.get("epochs", declared("epochs").default)
    assert isinstance(epochs, int)
    return epochs


def position(trials: Sequence[FrozenTrial]) -> Position:
    """How far the decisions have come: the last position at which something was written."""
    last: Position = (0, -1)
    for trial in trials:
        if "repeats" in trial.user_attrs or "known" in trial.user_attrs:
            continue  # it took its result over at the place of another write
        start: int = trial.user_attrs["start"]
        for epoch in trial.intermediate_values:
            last = max(last, (start + epoch * ticks_of(trial), trial.number))
        if trial.state.is_finished():
            last = max(last, (trial.user_attrs["result"]["end"], trial.number))
    return last


def ticks_of(trial: FrozenTrial) -> int:
    """How many ticks of the virtual clock an epoch of this trial takes."""
    found: int = trial.user_attrs.get("ticks", 1)
    return found


def assignment(trial: FrozenTrial) -> tuple[Assignment, int]:
    """What was asked for in a stored trial, and the tick of its start."""
    values: Mapping[str, Scalar] = trial.user_attrs["values"]
    return Assignment(trial.number, values, trial.user_attrs["seed"]), trial.user_attrs["start"]
