"""What a study takes over from another one of the workspace: the values of its best trials, or whole results.

A result holds in another study only if all that it came from is the same: data, model, precision, objective, the
values of all hyperparameters, and the seed, which comes with it. Where not, the values are tried anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, TrialState

from hpsearch.errors import InputError
from hpsearch.events import Scalar
from hpsearch.search.reading import facts_of, file_of, read_study
from hpsearch.search.records import StudyRecord
from hpsearch.space.assignments import fitting, holds, key
from hpsearch.space.study_file import StudyFile, WarmRow


def resolve(file: StudyFile, storage: BaseStorage | None, data: str | None = None) -> StudyFile:
    """The file with the rows of its `warm_start`: those that the study has begun with, or else those of now.

    `data` is the fingerprint of the study's data, where it is known. Raises InputError for no such study, or for one
    of which nothing fits.
    """
    warm = file.search.warm_start
    if warm is None or warm.rows is not None:
        return file
    begun = facts_of(storage, file.name)
    if begun is not None:
        before = file_of(begun).search.warm_start
        if before is None or before.model_copy(update={"rows": None}) != warm:
            return file  # a change that is refused, whatever the rows are
        rows = before.rows or ()
    else:
        rows = tuple(_rows(file, _other(storage, file), data, storage))
    warm = warm.model_copy(update={"rows": rows})
    return file.model_copy(update={"search": file.search.model_copy(update={"warm_start": warm})})


def known_result(storage: BaseStorage, study: str, number: int, values: Mapping[str, Scalar]) -> FrozenTrial | None:
    """The trial of the other study, if it is there still, has come to its end, and has exactly these values."""
    try:
        study_id = storage.get_study_id_from_name(study)
        trial = storage.get_trial(storage.get_trial_id_from_study_id_trial_number(study_id, number))
    except KeyError:
        return None
    same = trial.user_attrs.get("values") == dict(values)
    return trial if same and trial.state == TrialState.COMPLETE else None


def _other(storage: BaseStorage | None, file: StudyFile) -> StudyRecord:
    assert file.search.warm_start is not None
    name = file.search.warm_start.study
    if name == file.name:
        raise InputError(f"search.warm_start: {name!r} is this study itself", hint="name another one")
    try:
        return read_study(storage, name)
    except InputError as error:
        raise InputError(f"search.warm_start: {error.what}", hint=error.hint) from None


def _rows(file: StudyFile, other: StudyRecord, data: str | None, storage: BaseStorage | None) -> Sequence[WarmRow]:
    warm = file.search.warm_start
    assert warm is not None
    own = [trial for trial in other.trials if trial.repeats is None]
    if warm.results and _comparable(file, facts_of(storage, other.name) or {}, data):
        ended = [trial for trial in own if trial.state == "COMPLETE" and holds(file.space, trial.values)]
        if ended:
            return [
                WarmRow(number=trial.number, values=fitting(file.space, trial.values), known=True) for trial in ended
            ]
    rows: dict[object, WarmRow] = {}
    for trial in (trial for trial in other.ranked if trial.repeats is None):
        given = fitting(file.space, trial.values)
        if given:
            rows.setdefault(key(given), WarmRow(number=trial.number, values=given))
    if not rows and not warm.results:
        raise InputError(
            f"search.warm_start: no complete trial of study {other.name!r} has a value that fits this space"
        )
    return list(rows.values())[: None if warm.top == "all" else warm.top]


def _comparable(file: StudyFile, facts: Mapping[str, Any], data: str | None) -> bool:
    """Whether a result of the other study is one of this study, for the same values and seed."""
    one, other = file.identity(), file_of(facts).identity()
    parts = ("data", "model", "training", "objective")
    return all(one[part] == other[part] for part in parts) and facts.get("data") in (None, data or facts.get("data"))
