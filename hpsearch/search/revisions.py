"""A stored study and a file of its name: what has changed since, and from which trial on what was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from optuna.storages import BaseStorage

from hpsearch.errors import InputError
from hpsearch.search.reading import facts_of, file_of, read_study
from hpsearch.space.assignments import contains
from hpsearch.space.hyperparameters import Fixed
from hpsearch.space.revision import Change, changes
from hpsearch.space.study_file import StudyFile

FORK = "--fork NEW_NAME makes a study of its own of this file, which begins with what fits"


def changed(storage: BaseStorage | None, file: StudyFile) -> list[str]:
    """What applying this file changes in the stored study of its name: a line each; nothing where there is none.

    Raises InputError where something changed that decides what earlier trials are.
    """
    facts = facts_of(storage, file.name)
    if facts is None:
        return []
    old = file_of(facts)
    assert storage is not None
    asked = storage.get_n_trials(storage.get_study_id_from_name(file.name))
    taken = not file.search.enqueue and asked >= len(old.queue)
    found = changes(old, file)
    _refuse(
        file.name, [change for change in found if change.refused and not (taken and change.path[1:] == ("enqueue",))]
    )
    lines = [f"changed: {change.said}" for change in found]
    if any(change.path[0] == "hyperparameters" for change in found):
        lines += _remarks(read_study(storage, file.name).trials, old, file)
    return lines


def _refuse(name: str, refused: Sequence[Change]) -> None:
    if refused:
        shown = "; ".join(f"{change.said} ({change.refused})" for change in refused[:3])
        more = f" (and {len(refused) - 3} more)" if len(refused) > 3 else ""
        what = f"study {name!r} is there already, and this file searches something else: {shown}{more}"
        raise InputError(what, hint=FORK)


def _remarks(trials: Sequence[Any], old: StudyFile, new: StudyFile) -> list[str]:
    """What that means for the trials that are there."""
    lines = []
    searched = new.space.searched
    outside = sum(
        not all(contains(new.hyperparameters[name], trial.values[name]) for name in searched if name in trial.values)
        for trial in trials
    )
    if outside:
        lines.append(
            f"{outside} of {len(trials)} trials lie outside the new ranges: they count, and the sampler leaves them out"
        )
    one, other = old.hyperparameters.get("epochs"), new.hyperparameters.get("epochs")
    if isinstance(one, Fixed) and isinstance(other, Fixed) and one != other and trials:
        if len(trials) >= new.total:
            lines.append(f"no trial is left that would train {other.value} epochs: all {new.total} are there already")
        else:
            lines.append(
                f"trials 0 to {len(trials) - 1} train {one.value} epochs, later ones {other.value}: each trial's value "
                "is that after its own last epoch, and pruners compare trials at the same epoch"
            )
    return lines


def revised(kept: Mapping[str, Any], file: StudyFile, trials: int) -> list[dict[str, Any]]:
    """The study's revisions, `{from: number of the first trial, file: …}`, with one more where the search changed."""
    before: list[dict[str, Any]] = list(kept.get("revisions") or [{"from": 0, "file": kept["file"]}])
    if file_of(before[-1]).identity() == file.identity():
        return before if len(before) > 1 else []
    if before[-1]["from"] == trials:
        before.pop()
    before.append({"from": trials, "file": file.to_dict()})
    return before if len(before) > 1 else []
