"""From Optuna's storage to plain records. Reads only."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, TrialState

from hpsearch.errors import InputError, did_you_mean
from hpsearch.events import Failure, History, Signals
from hpsearch.search.dimensions import dimensions
from hpsearch.search.objectives import Objectives
from hpsearch.search.records import State, StudyRecord, TrialRecord
from hpsearch.space.sampler_plan import STORED
from hpsearch.space.study_file import StudyFile
from hpsearch.training.findings import Finding

EXHAUSTED = "exhausted"  # of a study: how many trials there can be, where limits leave no more


def stored_file(storage: BaseStorage | None, name: str) -> tuple[StudyFile, str]:
    """A stored study's file, and the text that it was written in. Raises InputError for no such study."""
    facts = _facts(storage, name)
    return _file(facts), facts["text"]


def read_study(storage: BaseStorage | None, name: str) -> StudyRecord:
    """A study and all its trials. Raises InputError for no such study."""
    facts = _facts(storage, name)
    file = _file(facts)
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
        total=min(file.total, noted.get(EXHAUSTED, file.total)),
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
    studies = [] if storage is None else storage.get_all_studies()
    made = [(study.study_name, study.user_attrs["hpsearch"]) for study in studies if "hpsearch" in study.user_attrs]
    return {name: float(facts["created"]) for name, facts in made}


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
        history=History(metrics, result.get("times", []), _signals(result)),
        slot_start=trial.user_attrs["start"],
        diagnosis=tuple(Finding(name, sentence) for name, sentence in result.get("diagnosis", [])),
        objectives=dict(zip(objectives.metrics, told, strict=True)) if len(told) > 1 else {},
        costs=trial.user_attrs.get("costs", {}),
    )


def _signals(result: Mapping[str, Any]) -> dict[int, Signals]:
    """By epoch, whose number is text in JSON."""
    return {
        int(epoch): {name: [_number(value) for value in values] for name, values in signals.items()}
        for epoch, signals in result.get("signals", {}).items()
    }


def _facts(storage: BaseStorage | None, name: str) -> Mapping[str, Any]:
    studies = {} if storage is None else {s.study_name: s for s in storage.get_all_studies()}
    if name not in studies:
        hint = did_you_mean(name, studies) or "there are no studies here yet"
        raise InputError(f"there is no study {name!r}", hint=hint)
    facts: Mapping[str, Any] | None = studies[name].user_attrs.get("hpsearch")
    if facts is None:
        raise InputError(f"study {name!r} in this storage was not made by hpsearch")
    return facts


def _file(facts: Mapping[str, Any]) -> StudyFile:
    return StudyFile.model_validate(facts["file"], context=STORED)


def _number(value: float | str) -> float:
    return float(value) if isinstance(value, str) else value if value is not None else math.nan
