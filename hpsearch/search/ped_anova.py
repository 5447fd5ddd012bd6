"""PED-ANOVA: how far the best tenth of the values differs from all of them, hyperparameter by hyperparameter.

Watanabe, Bansal, Hutter, "PED-ANOVA: Efficiently Quantifying Hyperparameter Importance in Arbitrary Subspaces",
IJCAI 2023. The Pearson divergence of two densities over one hyperparameter is its importance. The numbers are those
of Optuna's evaluator, with which a test compares them; this one needs no scikit-learn, whose import takes a second,
and is quick enough to be repeated for a bootstrap.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpsearch.search.records import Dimension, TrialRecord

Numbers = NDArray[np.floating[Any]]
Places = NDArray[np.int64]

TARGET = 0.1  # the share of the trials that are "the best"
STEPS = 50  # places on the grid of a range
PRIOR = 1.0  # the weight of a kernel that covers everything, in trials
NARROWEST = 0.5 / 1.64  # of a kernel, in places: nine tenths of it lie within one place
FEWEST = 2  # a regime of fewer trials tells nothing


@dataclass(frozen=True, slots=True)
class Axis:
    """One hyperparameter on a grid: the place of each trial, -1 where it is inactive; `size` places in all."""

    name: str
    places: Places
    size: int
    ordered: bool


def axis(dimension: Dimension, trials: list[TrialRecord]) -> Axis:
    """The hyperparameter's grid; a value that the range does not hold counts as inactive."""
    places = [-1] * len(trials)
    size = _size(dimension)
    for index, trial in enumerate(trials):
        place = dimension.place(trial.params)
        if place is None:
            continue
        if dimension.options is not None:
            places[index] = int(place)
        elif _holds(dimension, place):
            places[index] = _on_grid(dimension, place, size)
    return Axis(dimension.name, np.array(places, dtype=np.int64), size, dimension.options is None)


def _size(dimension: Dimension) -> int:
    """How many places there are: options, steps, or STEPS of a range."""
    if dimension.options is not None:
        return len(dimension.options)
    low, high = dimension.low or 0.0, dimension.high or 0.0
    if dimension.integer and dimension.log:
        return min(math.ceil(math.log(high - low + 1) / math.log(2)) + 1, STEPS)
    step = dimension.step or (1 if dimension.integer else None)
    return STEPS if step is None else min(round((high - low) / step) + 1, STEPS)


def _holds(dimension: Dimension, value: float) -> bool:
    return (dimension.low or 0.0) <= value <= (dimension.high or 0.0)


def _on_grid(dimension: Dimension, value: float, size: int) -> int:
    low, high = dimension.low or 0.0, dimension.high or 0.0
    if dimension.log:
        low, high, value = math.log(low), math.log(high), math.log(value)
    if size < 2 or high == low:
        return 0
    # A value midway between two places belongs to the lower one.
    return min(max(math.ceil((value - low) / ((high - low) / (size - 1)) - 0.5), 0), size - 1)


def divergences(axes: list[Axis], losses: Numbers) -> Numbers:
    """The importance of each axis, not normalised; `losses` has a value a trial, the smaller the better."""
    count = len(losses)
    cutoff = np.partition(losses, math.ceil(TARGET * count) - 1)[math.ceil(TARGET * count) - 1]
    best = losses <= cutoff
    return np.array([_divergence(axis, best) for axis in axes])


def _divergence(axis: Axis, best: NDArray[np.bool_]) -> float:
    active = axis.places >= 0
    among_best = active & best
    here, top = int(active.sum()), int(among_best.sum())
    if here < FEWEST or top == 0 or axis.size < 2:
        return 0.0
    density = _ordered if axis.ordered else _options
    local = density(np.bincount(axis.places[active], minlength=axis.size)) + 1e-12
    target = density(np.bincount(axis.places[among_best], minlength=axis.size)) + 1e-12
    pearson = float(local @ (target / local - 1) ** 2)
    # A conditional hyperparameter counts by how often it is active among the best, and among all.
    return float((top / best.sum()) ** 2 / (here / len(best)) * pearson)


def _ordered(counts: Places) -> Numbers:
    """A Parzen estimate over places 0, 1, …: truncated normal kernels, their width by Scott's rule."""
    size, total = len(counts), int(counts.sum())
    places = np.flatnonzero(counts)
    weights = counts[places]
    mean = places @ weights / total
    deviation = math.sqrt((places - mean) ** 2 @ weights / max(1, total - 1))
    reached = np.cumsum(weights)
    first = np.searchsorted(reached, total // 4, side="left")
    third = min(len(places) - 1, int(np.searchsorted(reached, total * 3 // 4, side="right")))
    spread = (places[third] - places[first]) / 1.34
    sigma = max(1.059 * min(spread, deviation) * total**-0.2, NARROWEST)
    below = _below(np.arange(-size, size + 1) - 0.5, sigma)  # Φ at the places' edges, from a kernel's centre
    mass = np.diff(below)  # at distances -size … size - 1
    inside = below[2 * size - np.arange(size)] - below[size - np.arange(size)]
    kernels = np.convolve(counts / inside, mass)[size : 2 * size]
    everything = np.diff(_below(np.arange(size + 1) - 0.5 - (size - 1) / 2, float(size)))
    mixture: Numbers = (kernels + PRIOR * everything / everything.sum()) / (total + PRIOR)
    return mixture


def _below(distances: Numbers, sigma: float) -> Numbers:
    """The normal distribution function."""
    return np.array([math.erfc(-distance / (sigma * math.sqrt(2))) / 2 for distance in distances.tolist()])


def _options(counts: Places) -> Numbers:
    """A Parzen estimate over options: each kernel prefers one, and the prior none."""
    size, total = len(counts), int(counts.sum())
    kernels = int((counts > 0).sum()) + 1
    even = PRIOR / kernels
    preferred = counts / (1 + size * even)
    mixture: Numbers = (preferred + total * even / (1 + size * even) + PRIOR / size) / (total + PRIOR)
    return mixture
