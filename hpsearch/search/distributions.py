"""A searched hyperparameter as Optuna's distribution of it."""

from __future__ import annotations

from decimal import Decimal

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from hpsearch.search.records import Dimension


def distribution(dimension: Dimension) -> BaseDistribution:
    """Optuna's distribution of a dimension; a range ends at the last value that its step reaches.

    Raises ValueError where the dimension has neither options nor both ends, or where Optuna
    refuses it: low above high, a logarithmic range from zero, a step in a logarithmic range.
    """
    if dimension.options is not None:
        return CategoricalDistribution(dimension.options)
    if dimension.low is None or dimension.high is None:
        raise ValueError(f"{dimension.name}: a range needs both low and high")
    low, high = dimension.low, _last(dimension.low, dimension.high, dimension.step)
    if dimension.integer:
        return IntDistribution(int(low), int(high), log=dimension.log, step=int(dimension.step or 1))
    return FloatDistribution(low, high, log=dimension.log, step=dimension.step)


def _last(low: float, high: float, step: float | None) -> float:
    """The last value of low, low + step, … that is not above high. Optuna would warn and do the same."""
    if step is None or step <= 0 or high < low:
        return high
    start, width = Decimal(str(low)), Decimal(str(step))
    return float((Decimal(str(high)) - start) // width * width + start)
