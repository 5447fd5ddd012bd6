"""Parts for training, development and test: who goes where, as a function of the data, the split and a seed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from hpsearch.errors import InputError
from hpsearch.training.data.arrays import Arrays, Split
from hpsearch.training.data.group_split import by_group
from hpsearch.training.data.kept import digest, kept

Rows = NDArray[np.int64]
PARTS = ("train", "dev", "test")


def usual(samples: int) -> dict[str, float]:
    """The split by size: a part to judge by needs so many samples, not such a share."""
    shares = (0.6, 0.2, 0.2) if samples < 10_000 else (0.8, 0.1, 0.1) if samples < 1_000_000 else (0.98, 0.01, 0.01)
    return dict(zip(PARTS, shares, strict=True))


def divide(arrays: Arrays, split: Split, seed: int) -> dict[str, Rows]:
    """Disjoint, ascending row numbers "train", "dev" and "test" whose union is everything.

    Classes are shared out equally, and groups stay whole. Raises InputError where a part would get too little.
    """
    samples = len(arrays.targets)
    if isinstance(split, str):
        split = {**usual(samples), **dict.fromkeys(arrays.given, "given")}
    fixed = {part: arrays.given[part] for part in ("dev", "test") if split[part] == "given"}
    taken = np.zeros(samples, dtype=bool)
    for rows in fixed.values():
        taken[rows] = True
    pool = np.flatnonzero(~taken)
    # With all others given, what is left is for training.
    said = {part: 1.0 if split[part] == "given" else float(split[part]) for part in PARTS if part not in fixed}
    whole = sum(said.values())
    # Rounded, because 0.6 / 0.8 is less than three quarters, and parts are rounded down.
    shares = said if abs(whole - 1) < 1e-6 else {part: round(share / whole, 12) for part, share in said.items()}
    if not pool.size:
        raise InputError("data.split: nothing is left to train on")
    if arrays.groups is not None:
        chosen = by_group(arrays, pool, shares, seed)
    else:
        chosen = shuffled(pool, shares, None if arrays.task == "regression" else arrays.targets[pool], seed)
    parts = {part: np.sort(rows) for part, rows in {**chosen, **fixed}.items()}
    _check(arrays, parts)
    return {part: parts[part] for part in PARTS}


def shuffled(rows: Rows, shares: Mapping[str, float], labels: Rows | None, seed: int) -> dict[str, Rows]:
    """The rows in parts by shares that sum to 1, by chance, or each class of `labels` by itself."""
    places = kept(
        ["places", list(shares.items()), len(rows), digest(labels), seed],
        lambda: _shuffled(len(rows), shares, labels, seed),
    )
    return {part: rows[places[part]] for part in shares}


def _shuffled(samples: int, shares: Mapping[str, float], labels: Rows | None, seed: int) -> dict[str, Rows]:
    """As `shuffled`, of so many places."""
    from sklearn.model_selection import train_test_split

    def cut(rows: Rows, share: float, labels: Rows | None) -> tuple[Rows, Rows, Rows | None]:
        places = np.arange(len(rows))
        first, rest = train_test_split(places, train_size=share, stratify=labels, random_state=seed)
        return rows[first], rows[rest], None if labels is None else labels[rest]

    parts: dict[str, Rows] = {}
    *names, last = shares
    left, here, rest = 1.0, labels, np.arange(samples)
    try:
        for part in names:
            share = shares[part] if left == 1.0 else shares[part] / left
            parts[part], rest, here = cut(rest, share, here)
            left = sum(shares[name] for name in shares if name not in parts)
    except ValueError as error:
        raise InputError(f"data.split: {_too_little(labels, samples)}: {error}") from error
    return {**parts, last: rest}


def _too_little(labels: Rows | None, samples: int) -> str:
    if labels is None:
        return f"{samples} samples can't be split so"
    counts = np.bincount(labels)
    fewest = int(counts[counts > 0].min())
    return f"{len(labels)} samples, {fewest} of them of the rarest class, can't be split so"


def _check(arrays: Arrays, parts: Mapping[str, Rows]) -> None:
    for part, rows in parts.items():
        if not rows.size:
            raise InputError(f"data.split: the {part} part is empty")
    for part in ("train", "dev"):
        if len(np.unique(arrays.targets[parts[part]])) < 2:
            what = "has the same target everywhere" if arrays.task == "regression" else "holds one class only"
            raise InputError(f"data.split: the {part} part {what}", hint="give it more samples, or another data.seed")
    if arrays.groups is not None:
        groups = [set(arrays.groups[rows].tolist()) for rows in parts.values()]
        if sum(map(len, groups)) > len(set().union(*groups)):
            raise InputError("data.group: a group is in two of the files that were given for the parts")
