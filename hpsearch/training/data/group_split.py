"""A split that leaves groups whole, so that no sample of a known person, place or machine is in the dev part."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from hpsearch.errors import InputError
from hpsearch.training.data.arrays import Arrays

Rows = NDArray[np.int64]
DEALS = 50


def by_group(arrays: Arrays, rows: Rows, shares: Mapping[str, float], seed: int) -> dict[str, Rows]:
    """The rows in parts; the most even of fifty random deals, by the parts' sizes and mean targets.

    In a deal, each part first gets one group, and then each group goes to the part that lacks most.
    Raises InputError where there are fewer groups than parts.
    """
    assert arrays.groups is not None
    codes, group = np.unique(arrays.groups[rows], return_inverse=True)
    if len(codes) < len(shares):
        raise InputError(f"data.group: {len(codes)} groups can't be shared out to {len(shares)} parts")
    sums = _sums(arrays, rows, group, len(codes))
    rng = np.random.default_rng(seed)
    wanted = np.array(list(shares.values()))
    deals = [_deal(sums[:, 0], wanted * len(rows), rng) for _ in range(DEALS)]
    best = min(deals, key=lambda deal: _unevenness(deal, sums, wanted))
    return {part: rows[best[group] == number] for number, part in enumerate(shares)}


def _sums(arrays: Arrays, rows: Rows, group: Rows, groups: int) -> NDArray[np.float64]:
    """For each group [group, quantity]: its size, then the size of each class, or the sum of its targets."""
    targets = arrays.targets[rows]
    if arrays.task == "regression":
        columns = ((targets - targets.mean()) / (targets.std() or 1.0))[:, None]
    else:
        columns = np.eye(arrays.classes)[targets]
    sums = np.zeros((groups, 1 + columns.shape[1]))
    np.add.at(sums, group, np.concatenate([np.ones((len(rows), 1)), columns], axis=1))
    return sums


def _deal(sizes: NDArray[np.float64], wanted: NDArray[np.float64], rng: np.random.Generator) -> Rows:
    """The part [group] of each group."""
    order = rng.permutation(len(sizes))
    parts, lacking = np.zeros(len(sizes), dtype=np.int64), wanted.tolist()
    for place, group in enumerate(order.tolist()):
        part = place if place < len(lacking) else max(range(len(lacking)), key=lacking.__getitem__)
        parts[group] = part
        lacking[part] -= sizes[group]
    return parts


def _unevenness(deal: Rows, sums: NDArray[np.float64], wanted: NDArray[np.float64]) -> float:
    """How far the parts are from the wanted shares, and their mean targets from one another."""
    together = np.stack([sums[deal == part].sum(axis=0) for part in range(len(wanted))])
    sizes = together[:, :1]
    means = together[:, 1:] / sizes
    apart = np.abs(means - sums[:, 1:].sum(axis=0) / sums[:, 0].sum()).sum()
    return float(np.abs(sizes[:, 0] / sizes.sum() - wanted).sum() + apart)
