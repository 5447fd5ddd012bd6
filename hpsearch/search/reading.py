"""From Optuna's storage to plain records. Reads only."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from optuna.storages import BaseStorage
from optuna.study._frozen import FrozenStudy
from optuna.trial import FrozenTrial, TrialState

from hpsearch.errors import InputError, did_you_mean
from hpsearch.events import Failure, History, Placement, Signals
from hpsearch.search.dimensions import dimensions
from hpsearch.search.objectives import Objectives
from hpsearch.search.records import State, StudyRecord, TrialRecord
from hpsearch.space.grid import count, is_cell
from hpsearch.space.sampler_plan import STORED
from hpsearch.space.study_file import StudyFile, differences
from hpsearch.training.findings import Finding

EXHAUSTED = "exhausted"  # of a study: how many trials there can be, where limits leave no more


def stored_file(storage: BaseStorage | None, name: str) -> tuple[StudyFile, str]:
    """A stored study's file, and the text that it was written in. Raises InputError for no such study."""
    facts = _facts(storage, name)
    return file_of(facts), facts["text"]


def read_study(storage: BaseStorage | None, name: str) -> StudyRecord:
    """A study and all its trials. Raises InputError for no such study."""
    facts = _facts(storage, name)
    file = file_of(facts)
    assert storage is not None
    study, objectives = storage.get_study_id_from_name(name), Objectives(file)
    trials = tuple(
        trial_record(trial, objectives)
        for trial in storage.get_all_trials(study, deepcopy=False)
        if "values" in trial.user_attrs
    )
    noted = storage.get_study_user_attrs(study)
    return StudyRecord(
        name=name,
        metric=file.objective.metric,
        direction=cast(Any, file.objective.direction),
        total=_total(file, facts, noted, trials),
        seed=file.search.seed,
        sampler=str(file.search.sampler),
        pruner=file.search.pruner,
        created=datetime.fromtimestamp(float(facts["created"])),
        study_file=facts["text"],
        dimensions=dimensions(file.space),
        trials=trials,
        effort=noted.get("effort"),
        objectives=tuple((o.metric, o.direction) for o in file.objectives) if len(file.objectives) > 1 else (),
        data=facts.get("data"),
        provenance=noted.get("provenance"),
        revisions=_revisions(facts),
        slots=file.search.slots,
        stack=file.execution.stack if isinstance(file.execution.stack, int) else None,
    )


def read_studies(storage: BaseStorage | None) -> list[StudyRecord]:
    """Every study that hpsearch made, the newest first; a team's database may hold others too."""
    return sorted((read_study(storage, name) for name in _made(storage)), key=lambda s: s.created, reverse=True)


def newest(storage: BaseStorage | None) -> str | None:
    """The name of the study that was made last; None where there is none."""
    made = _made(storage)
    return max(made, key=made.__getitem__, default=None)


def _made(storage: BaseStorage | None) -> dict[str, float]:
    """The studies that hpsearch made: name → when, in Unix seconds."""
    return {name: float(attributes["hpsearch"]["created"]) for name, attributes in attributes_of_all(storage).items()}


def attributes_of_all(storage: BaseStorage | None) -> dict[str, Mapping[str, Any]]:
    """The user attributes of every study that hpsearch made, by name."""
    studies = [] if storage is None else storage.get_all_studies()
    return {study.study_name: study.user_attrs for study in studies if "hpsearch" in study.user_attrs}


def trial_record(trial: FrozenTrial, objectives: Objectives) -> TrialRecord:
    """One stored trial of a study that is judged by `objectives`."""
    result = trial.user_attrs.get("result", {})
    metrics = {name: [_number(v) for v in values] for name, values in result.get("metrics", {}).items()}
    complete = trial.state == TrialState.COMPLETE
    told: list[float] = trial.values if complete else []
    assert trial.datetime_start is not None
    return TrialRecord(
        number=trial.number,
        state=cast(State, trial.state.name),
        value=told[objectives.judge] if told else None,
        params=trial.params,
        values=trial.user_attrs["values"],
        seed=trial.user_attrs["seed"],
        started=trial.datetime_start,
        ended=trial.datetime_complete,
        seconds=result.get("seconds"),
        failure=Failure(result["failure"]) if "failure" in result else None,
        message=result.get("message", ""),
        traceback=result.get("traceback", ""),
        history=History(metrics, result.get("times", []), _signals(result), _placements(result)),
        slot_start=trial.user_attrs["start"],
        diagnosis=tuple(Finding(name, sentence) for name, sentence in result.get("diagnosis", [])),
        objectives=dict(zip(objectives.metrics, told, strict=True)) if len(told) > 1 else {},
        costs=trial.user_attrs.get("costs") or result.get("costs", {}),
        repeats=trial.user_attrs.get("repeats"),
        known="/".join(str(part) for part in trial.user_attrs["known"]) if "known" in trial.user_attrs else None,
    )


def _total(file: StudyFile, facts: Mapping[str, Any], noted: Mapping[str, Any], trials: Sequence[TrialRecord]) -> int:
    """How many trials there will be. Those of a grid that were asked for before it changed are no cells of it."""
    total = file.total
    if file.search.sampler.alone == "grid" and facts.get("revisions"):
        others = sum(trial.repeats is not None or not is_cell(file.space, trial.params) for trial in trials)
        total = min(file.search.trials, count(file.space) + others)
    end: int = noted.get(EXHAUSTED, total)
    return min(total, end) if end >= len(trials) else total  # with wider ranges a search goes on beyond its end


def _revisions(facts: Mapping[str, Any]) -> tuple[tuple[int, tuple[str, ...]], ...]:
    found = facts.get("revisions") or []
    files = [file_of(revision).identity() for revision in found]
    return tuple(
        (revision["from"], tuple(differences(before, after)))
        for revision, before, after in zip(found[1:], files, files[1:], strict=False)
    )


def _signals(result: Mapping[str, Any]) -> dict[int, Signals]:
    """By epoch, whose number is text in JSON."""
    return {
        int(epoch): {name: [_number(value) for value in values] for name, values in signals.items()}
        for epoch, signals in result.get("signals", {}).items()
    }


def _placements(result: Mapping[str, Any]) -> list[Placement]:
    return [Placement(*placement) for placement in result.get("trained_by", [])]


def facts_of(storage: BaseStorage | None, name: str) -> Mapping[str, Any] | None:
    """What is kept of a study that hpsearch made; None where there is none of that name."""
    return attributes_of_all(storage).get(name, {}).get("hpsearch")


def _facts(storage: BaseStorage | None, name: str) -> Mapping[str, Any]:
    studies = {} if storage is None else {s.study_name: s for s in storage.get_all_studies()}
    if storage is None or name not in studies:
        hint = did_you_mean(name, studies) or "there are no studies here yet"
        raise InputError(f"there is no study {name!r}", hint=hint)
    facts: Mapping[str, Any] | None = studies[name].user_attrs.get("hpsearch")
    if facts is None:
        if has_only_begun(storage, studies[name]):
            raise InputError(f"study {name!r} has nothing in it yet", hint="if nobody makes it now, run its file again")
        raise InputError(f"study {name!r} in this storage was not made by hpsearch")
    return facts


def has_only_begun(storage: BaseStorage, study: FrozenStudy) -> bool:
    """Whether this is a study that is being made, or what a death between making and describing it leaves behind."""
    return not study.user_attrs and not storage.get_all_trials(study._study_id, deepcopy=False)


def file_of(facts: Mapping[str, Any]) -> StudyFile:
    """The study file as it is kept."""
    return StudyFile.model_validate(facts["file"], context=STORED)


def _number(value: float | str) -> float:
    return float(value) if isinstance(value, str) else value if value is not None else math.nan
