"""A changed study file under the same name: what changed, what of it may be applied, and why the rest may not.

May: how long to go on, where to run, how far a searched range goes, and how many epochs later trials train. All
else decides what earlier trials were asked for or how they are compared, so it belongs to another study.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hpsearch.space.hyperparameters import Fixed, Form, Range
from hpsearch.space.study_file import LIMITS, StudyFile, differences_by_path

COMPARED = "earlier trials could not be compared with later ones"
DECIDED = "it decides what trials were asked for and stopped so far"
TAKEN = "the first trials take over what stands there; it may be emptied when they all have"
EXTENT = ("low", "high", "step", "points")


@dataclass(frozen=True, slots=True)
class Change:
    """One value that is not as it was: ``dotted.path: old → new``. `refused` is why it may not be applied, or empty."""

    path: tuple[str, ...]
    said: str
    refused: str = ""


def changes(old: StudyFile, new: StudyFile) -> list[Change]:
    """All that changed, by path, but for the order of hyperparameters where they are others anyway."""
    found = []
    for path, said in differences_by_path(_compared(old), _compared(new)):
        found.append(Change(path, said, _refused(path, old, new)))
    others = any(change.refused and change.path[0] == "hyperparameters" for change in found)
    return [change for change in found if not (others and change.path == ("order",))]


def _compared(file: StudyFile) -> dict[str, Any]:
    """A file's identity, and what may change from run to run."""
    identity, everything = file.identity(), file.to_dict()
    limits = {name: everything["search"][name] for name in LIMITS}
    return {**identity, "search": {**identity["search"], **limits}, "execution": everything["execution"]}


def _refused(path: tuple[str, ...], old: StudyFile, new: StudyFile) -> str:
    match path:
        case ("execution", *_) | ("search", "repeats"):
            return ""
        case ("search", name, *_) if name in LIMITS:
            return ""
        case ("search", "enqueue" | "warm_start", *_):
            return TAKEN
        case ("search", *_):
            return DECIDED
        case ("order",):
            return "samplers draw values in this order"
        case ("hyperparameters", name, *rest):
            return _refused_of(name, old.hyperparameters.get(name), new.hyperparameters.get(name), rest)
    return COMPARED


def _refused_of(name: str, old: Form | None, new: Form | None, rest: list[str]) -> str:
    if old is None or new is None:
        return "earlier trials have no value of it" if old is None else "earlier trials have values of it"
    if isinstance(old, Range) and isinstance(new, Range):
        if rest and rest[0] in EXTENT:
            return ""
        return "only the ends of a range may change"
    if name == "epochs" and isinstance(old, Fixed) and isinstance(new, Fixed) and old.when == new.when:
        return ""
    if type(old) is type(new) and not isinstance(old, Fixed):
        return "Optuna keeps the options of a list for good, and so does the study"
    return COMPARED if isinstance(old, Fixed) and isinstance(new, Fixed) else "it was searched in another way before"
