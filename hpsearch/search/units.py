"""A hyperparameter's values as places in the unit interval, and back: what quasi-random and evolving points live in."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from hpsearch.events import Scalar

BELOW_ONE = 1 - 2**-53


def from_unit(distribution: BaseDistribution, place: float) -> Scalar:
    """The value at a place. Options and steps have parts of equal length; of a `log` range equal lengths are factors.

    A place outside [0, 1] counts as the nearer end. Raises TypeError for a kind of distribution that is not known.
    """
    place = min(max(place, 0.0), BELOW_ONE)
    if isinstance(distribution, CategoricalDistribution):
        return distribution.choices[int(place * len(distribution.choices))]
    if isinstance(distribution, IntDistribution):
        if distribution.log:
            low, high = math.log(distribution.low - 0.5), math.log(distribution.high + 0.5)
            return min(max(round(math.exp(low + place * (high - low))), distribution.low), distribution.high)
        return distribution.low + distribution.step * int(place * steps(distribution))
    if isinstance(distribution, FloatDistribution):
        low, high = distribution.low, distribution.high
        if distribution.step is not None:
            return min(low + distribution.step * int(place * steps(distribution)), high)
        if distribution.log:
            return min(max(math.exp(math.log(low) + place * math.log(high / low)), low), high)
        return min(low + place * (high - low), high)
    raise TypeError(f"no places for a {type(distribution).__name__}")


def from_units(distributions: Mapping[str, BaseDistribution], point: Iterable[float]) -> dict[str, Scalar]:
    """The values at a point, a coordinate for each distribution."""
    return {name: from_unit(of, float(place)) for (name, of), place in zip(distributions.items(), point, strict=True)}


def to_unit(distribution: BaseDistribution, value: Scalar) -> float:
    """The place of a value; of one that is a part of the interval, its middle.

    Raises TypeError for a kind of distribution that is not known, ValueError for a value that is not in it.
    """
    if isinstance(distribution, CategoricalDistribution):
        return (distribution.choices.index(value) + 0.5) / len(distribution.choices)
    if not isinstance(distribution, IntDistribution | FloatDistribution):
        raise TypeError(f"no places for a {type(distribution).__name__}")
    number, low, high = float(value or 0), float(distribution.low), float(distribution.high)
    if distribution.log:
        if isinstance(distribution, IntDistribution):
            low, high = low - 0.5, high + 0.5
        return math.log(number / low) / math.log(high / low)
    if distribution.step is not None:
        return (round((number - low) / distribution.step) + 0.5) / steps(distribution)
    return (number - low) / (high - low)


def steps(distribution: IntDistribution | FloatDistribution) -> int:
    """How many values a range with a step has."""
    return round((distribution.high - distribution.low) / (distribution.step or 1)) + 1


def width(distribution: BaseDistribution) -> float:
    """The length of the part that one value has, the mean of a `log` range of whole numbers; 0 of a real number."""
    if isinstance(distribution, CategoricalDistribution):
        return 1 / len(distribution.choices)
    if isinstance(distribution, IntDistribution) or getattr(distribution, "step", None) is not None:
        assert isinstance(distribution, IntDistribution | FloatDistribution)
        return 1 / steps(distribution)
    return 0.0
