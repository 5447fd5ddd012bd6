"""Tables as numbers: missing ones filled, categories one-hot; both learnt from the training part only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hpsearch.errors import InputError
from hpsearch.training.data.arrays import Arrays

Rows = NDArray[np.int64]
MOST_CATEGORIES = 1000


def fill(arrays: Arrays, train: Rows) -> NDArray[np.float64]:
    """The numeric columns [sample, column], missing numbers replaced by the median of the training part's.

    Raises InputError for a column of which the training part has no number.
    """
    learnt = arrays.features[train]
    if (empty := np.flatnonzero(np.isnan(learnt).all(axis=0))).size:
        raise InputError(f"column {arrays.names[empty[0]]!r}: there is no number in the training part")
    medians = np.nanmedian(learnt, axis=0)
    return np.where(np.isnan(arrays.features), medians, arrays.features)


def _text(value: object) -> str:
    """A category in words: 1 and 1.0 are the same one, for a column with gaps comes as floats."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def one_hot(arrays: Arrays, train: Rows) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """A column for each category of the training part [sample, category], and their names ``column=category``.

    A category that the training part has not, or a missing one, is all zeros. Raises InputError for a column
    with more than a thousand categories.
    """
    assert arrays.categories is not None
    columns: list[NDArray[np.float64]] = [np.empty((len(arrays.targets), 0))]
    names: list[str] = []
    first = arrays.features.shape[1]
    for column, name in zip(arrays.categories.T, arrays.names[first:], strict=True):
        there = np.flatnonzero(column != None)  # noqa: E711  # elementwise
        told = [_text(value) for value in column[there]]
        words = sorted(set(told))
        codes = {word: code for code, word in enumerate(words)}
        number = np.full(len(column), -1)
        number[there] = [codes[word] for word in told]
        known = np.unique(number[train])
        known = known[known >= 0]
        if len(known) > MOST_CATEGORIES:
            what = f"column {name!r} has {len(known)} categories, more than {MOST_CATEGORIES}"
            raise InputError(f"data.categorical: {what}", hint="is it a name or a number of its own for each sample?")
        columns.append((number[:, None] == known).astype(np.float64))
        names += [f"{name}={words[code]}" for code in known]
    return np.concatenate(columns, axis=1), tuple(names)
