from __future__ import annotations

import pytest

from hpsearch.reports.figure import Missing
from hpsearch.reports.figures.parallel_coordinates import INACTIVE, ParallelCoordinates, compute, draw
from hpsearch.reports.theme import LIGHT
from hpsearch.search.records import Dimension
from tests.reports.studies import study, trial

DIMENSIONS = (
    Dimension("rate", low=1e-4, high=1.0, log=True),
    Dimension("depth", low=1, high=3, integer=True),
    Dimension("momentum", low=0.5, high=1.0),
    Dimension("optimizer", options=("sgd", "momentum")),
    Dimension("decay", options=("step", "exponential")),
)


def small(best: int = 100) -> ParallelCoordinates:
    record = compute(
        study(
            trial(0, 0.5, params={"rate": 0.1, "depth": 1, "optimizer": "sgd"}),
            trial(1, 0.9, params={"rate": 0.01, "depth": 3, "optimizer": "momentum", "momentum": 0.6, "decay": "step"}),
            trial(2, state="PRUNED", params={"rate": 0.5, "depth": 2, "optimizer": "sgd"}),
            trial(3, 0.7, params={"rate": 1.0, "depth": 2, "optimizer": "sgd", "decay": "exponential"}),
            dimensions=DIMENSIONS,
        ),
        best=best,
    )
    assert isinstance(record, ParallelCoordinates)
    return record


def test_the_best_trials_come_from_the_best_down() -> None:
    assert (small().numbers, small().values) == ((1, 3, 0), (0.9, 0.7, 0.5))
    assert small(best=2).numbers == (1, 3)


def test_a_logarithmic_range_is_placed_by_its_logarithm_and_labelled_by_its_values() -> None:
    rate = small().axes[0]
    assert rate.places == pytest.approx((-2.0, 0.0, -1.0))
    assert (rate.low, rate.high) == (-4.0, 0.0)
    assert rate.ticks == ((-4.0, "0.0001"), (-3.0, "0.001"), (-2.0, "0.01"), (-1.0, "0.1"), (0.0, "1"))


def test_whole_numbers_have_a_tick_each() -> None:
    depth = small().axes[1]
    assert depth.places == (3.0, 2.0, 1.0)
    assert depth.ticks == ((1.0, "1"), (2.0, "2"), (3.0, "3"))


def test_an_inactive_hyperparameter_has_a_place_of_its_own_below_all_values() -> None:
    momentum, decay = small().axes[2], small().axes[4]
    assert momentum.places == pytest.approx((0.6, 0.43, 0.43))
    assert momentum.low == pytest.approx(0.43)
    assert momentum.ticks[0] == (momentum.low, INACTIVE)
    assert momentum.ticks[1] == (0.5, "0.5")
    assert decay.places == (0.0, 1.0, -1.0)
    assert decay.ticks == ((-1.0, INACTIVE), (0.0, "step"), (1.0, "exponential"))


def test_the_metric_is_the_last_axis_and_the_colour() -> None:
    trace = draw(small(), LIGHT).data[0]
    assert trace.type == "parcoords"
    assert trace.dimensions[-1].label == "dev accuracy"
    assert list(trace.line.color) == [0.9, 0.7, 0.5]
    assert not trace.line.reversescale


def test_one_trial_is_a_reason() -> None:
    assert isinstance(compute(study(trial(0, 0.5, params={"x": 0.1}))), Missing)
