"""Places in the unit interval and the values that stand there."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from hpsearch.search.units import from_unit, steps, to_unit, width

DISTRIBUTIONS: list[BaseDistribution] = [
    CategoricalDistribution(["a", "b", True, 3]),
    IntDistribution(-3, 4),
    IntDistribution(2, 14, step=4),
    IntDistribution(1, 500, log=True),
    FloatDistribution(-1.0, 2.0),
    FloatDistribution(1e-4, 0.1, log=True),
    FloatDistribution(0.1, 0.7, step=0.2),
]


@pytest.mark.parametrize("distribution", DISTRIBUTIONS, ids=repr)
@given(place=st.floats(-0.5, 1.5))
def test_every_place_is_a_value_of_the_distribution_and_has_its_part(distribution: Any, place: float) -> None:
    value = from_unit(distribution, place)
    assert distribution._contains(distribution.to_internal_repr(value))
    again = to_unit(distribution, value)
    assert 0 <= again <= 1
    inside = min(max(place, 0.0), 1.0)
    logarithmic = getattr(distribution, "log", False)
    assert abs(again - inside) <= (0.6 if logarithmic else max(width(distribution) / 2, 1e-9) + 1e-9)
    back = from_unit(distribution, again)
    assert back == (pytest.approx(value) if isinstance(value, float) else value)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS[:3] + DISTRIBUTIONS[-1:], ids=repr)
def test_parts_are_of_equal_length(distribution: Any) -> None:
    counts = Counter(from_unit(distribution, (n + 0.5) / 840) for n in range(840))
    values = len(distribution.choices) if isinstance(distribution, CategoricalDistribution) else steps(distribution)
    assert len(counts) == values
    assert set(counts.values()) == {840 // values}
    assert width(distribution) == 1 / values


def test_a_logarithmic_range_has_its_geometric_mean_in_the_middle() -> None:
    assert from_unit(FloatDistribution(1e-4, 1.0, log=True), 0.5) == pytest.approx(1e-2)
    assert to_unit(FloatDistribution(1e-4, 1.0, log=True), 1e-2) == pytest.approx(0.5)


def test_the_ends_are_exact() -> None:
    for distribution in DISTRIBUTIONS[1:]:
        low, high = distribution.low, distribution.high  # type: ignore[attr-defined]
        assert from_unit(distribution, 0.0) == pytest.approx(low)
        assert from_unit(distribution, 1.0) == pytest.approx(high)


def test_a_distribution_of_an_unknown_kind_is_refused() -> None:
    class Other(BaseDistribution):
        def to_internal_repr(self, param_value_in_external_repr: Any) -> float:
            return 0.0

        def single(self) -> bool:
            return False

        def _contains(self, param_value_in_internal_repr: float) -> bool:
            return True

    with pytest.raises(TypeError, match="Other"):
        from_unit(Other(), 0.5)
    with pytest.raises(TypeError, match="Other"):
        to_unit(Other(), 0.5)
