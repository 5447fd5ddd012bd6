"""What a column of targets means: classes or numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpsearch.errors import InputError
from hpsearch.training.data.arrays import Arrays

HUGE = 1e150  # squares of larger numbers are infinite
MOST_CLASSES = 20  # whole numbers with more different values than this are numbers to predict, unless said


def meant(
    values: NDArray[np.generic], task: str, where: str, given: Mapping[str, NDArray[np.int64]]
) -> tuple[NDArray[np.generic], int, str, tuple[str, ...]]:
    """Targets [sample], the number of classes, the task and the classes' names; as in `Arrays`.

    Text and truth values are classes. Numbers are classes where they are whole and at most 20 different ones,
    unless `task` says otherwise. The classes are those of the samples outside the `given` parts, in order.
    Raises InputError for a value that is missing or not finite, one class only, or a class of a given part
    that is not among them.
    """
    numeric = values.dtype.kind in "iuf"
    if numeric and (bad := np.flatnonzero(~np.isfinite(values))).size:
        raise InputError(
            f"{where}: {values[bad[0]]} in sample {bad[0] + 1} ({bad.size} in all): every sample needs one"
        )
    if task == "auto":
        task = "classes" if not numeric or _few_whole(values) else "regression"
    if task == "regression":
        if not numeric:
            raise InputError(f"{where}: holds {str(values[0])!r}, which is no number to predict")
        return values.astype(np.float64), 0, task, ()
    if numeric and (broken := np.flatnonzero(values != np.floor(values))).size:
        raise InputError(f"{where}: holds {values[broken[0]]}, which is no class", hint="data.task: regression?")
    own = np.ones(len(values), dtype=bool)
    for rows in given.values():
        own[rows] = False
    known, first = np.unique(values[own], return_inverse=True)
    _check_classes(known, task, where)
    codes = np.empty(len(values), dtype=np.int64)
    codes[own] = first
    for part, rows in given.items():
        codes[rows] = _known_codes(known, values[rows], f"{where}, {part} part")
    labels = tuple(str(int(value)) if numeric else str(value) for value in known)
    return codes, len(known), "binary" if task != "multiclass" and len(known) == 2 else "multiclass", labels


def _few_whole(values: NDArray[np.generic]) -> bool:
    return bool(np.all(values == np.floor(values))) and len(np.unique(values)) <= MOST_CLASSES


def _check_classes(known: NDArray[np.generic], task: str, where: str) -> None:
    if len(known) < 2:
        raise InputError(f"{where}: there is one class only: {str(known[0])!r}")
    if task == "binary" and len(known) != 2:
        raise InputError(f"{where}: {len(known)} classes, not 2", hint="data.task: multiclass?")


def _known_codes(known: NDArray[np.generic], values: NDArray[np.generic], where: str) -> NDArray[np.int64]:
    codes = np.minimum(np.searchsorted(known, values), len(known) - 1)
    if (strange := np.flatnonzero(known[codes] != values)).size:
        value = str(values[strange[0]])
        raise InputError(f"{where}: {value!r} is outside the classes of the training part: {_list(known)}")
    return codes.astype(np.int64)


def _list(known: NDArray[np.generic]) -> str:
    words = [str(value) for value in known]
    return ", ".join(words if len(words) <= 10 else [*words[:9], "…", words[-1]])


def check(arrays: Arrays, name: str) -> None:
    """Whether arrays are what they say. Raises InputError: lengths, features not finite, labels, one class."""
    samples, targets = len(arrays.features), arrays.targets
    if samples != len(targets):
        raise InputError(f"data {name}: {samples} samples, but {len(targets)} targets")
    if not samples:
        raise InputError(f"data {name}: there are no samples")
    if arrays.features.dtype.kind == "f":
        for start in range(0, samples, 4096):
            rows = arrays.features[start : start + 4096]
            missing = np.isnan(rows) & (arrays.categories is not None)  # of a table: it will be filled
            fine = missing | (np.abs(rows) < HUGE)
            if (bad := np.flatnonzero(~fine.reshape(len(rows), -1).all(axis=1))).size:
                sample = start + bad[0] + 1
                raise InputError(f"data {name}: the features of sample {sample} hold NaN, or a number beyond {HUGE:g}")
    if arrays.task == "regression":
        if not np.isfinite(targets).all():
            raise InputError(f"data {name}: NaN or an infinite number among the targets")
    elif targets.dtype.kind not in "iu":
        raise InputError(f"data {name}: classes must be whole numbers, not {targets.dtype}")
    else:
        check_labels(targets, arrays.classes, f"data {name}")
        if arrays.classes < 2:
            raise InputError(f"data {name}: there is one class only")


def check_labels(labels: NDArray[Any], classes: int, where: str) -> None:
    """Raises InputError for a label that is none of 0 to `classes` - 1."""
    if (bad := np.flatnonzero((labels < 0) | (labels >= classes))).size:
        known = f"the classes 0 to {classes - 1}"
        raise InputError(f"{where}: label {labels[bad[0]]} of sample {bad[0] + 1} is outside {known}")
