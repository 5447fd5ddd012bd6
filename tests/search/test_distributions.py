from __future__ import annotations

import pytest
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from hpsearch.search.distributions import distribution
from hpsearch.search.records import Dimension


@pytest.mark.parametrize(
    ("dimension", "expected"),
    [
        (Dimension("a", options=("relu", None, 3, True)), CategoricalDistribution(("relu", None, 3, True))),
        (Dimension("a", low=1, high=4, integer=True), IntDistribution(1, 4)),
        (Dimension("a", low=1, high=512, integer=True, log=True), IntDistribution(1, 512, log=True)),
        (Dimension("a", low=1, high=9, integer=True, step=4), IntDistribution(1, 9, step=4)),
        (Dimension("a", low=1, high=8, integer=True, step=3), IntDistribution(1, 7, step=3)),
        (Dimension("a", low=0.0, high=0.5), FloatDistribution(0.0, 0.5)),
        (Dimension("a", low=1e-4, high=0.1, log=True), FloatDistribution(1e-4, 0.1, log=True)),
        (Dimension("a", low=0.0, high=0.3, step=0.1), FloatDistribution(0.0, 0.3, step=0.1)),
        (Dimension("a", low=0.1, high=0.98, step=0.2), FloatDistribution(0.1, 0.9, step=0.2)),
    ],
)
def test_a_dimension_becomes_optunas_distribution(dimension: Dimension, expected: BaseDistribution) -> None:
    assert distribution(dimension) == expected


@pytest.mark.parametrize(
    "dimension",
    [
        Dimension("a"),
        Dimension("a", low=1.0),
        Dimension("a", low=2.0, high=1.0),
        Dimension("a", low=0.0, high=1.0, log=True),
    ],
)
def test_what_is_no_range_is_refused(dimension: Dimension) -> None:
    with pytest.raises(ValueError):
        distribution(dimension)
