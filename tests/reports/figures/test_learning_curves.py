from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from hpsearch.reports.figure import Missing
from hpsearch.reports.figures.curve_labels import spread
from hpsearch.reports.figures.learning_curves import Curve, LearningCurves, compute
from tests.reports.studies import search, study, trial


def test_the_best_trials_come_first_and_the_others_by_number() -> None:
    record = compute(
        study(
            trial(0, 0.5, metrics={"dev_accuracy": [0.4, 0.5]}),
            trial(1, 0.9, metrics={"dev_accuracy": [0.8, 0.9], "train_loss": [2.0, 1.0], "dev_loss": [3.0, 2.0]}),
            trial(2, state="PRUNED", metrics={"dev_accuracy": [0.1]}),
            trial(3, 0.7, metrics={"dev_accuracy": [0.6, float("nan"), 0.7]}),
            trial(4, 0.99),
        ),
        best=2,
    )
    assert record == LearningCurves(
        metric="dev_accuracy",
        direction="maximize",
        best=(Curve(1, (1, 2), (0.8, 0.9)), Curve(3, (1, 3), (0.6, 0.7))),
        others=(Curve(0, (1, 2), (0.4, 0.5)),),
        pruned=(Curve(2, (1,), (0.1,)),),
        left_out=0,
        losses=(Curve(1, (1, 2), (2.0, 1.0)), Curve(1, (1, 2), (3.0, 2.0))),
    )


def test_other_curves_are_capped_and_the_rest_is_counted() -> None:
    record = compute(search(100), best=3, others=10)
    assert isinstance(record, LearningCurves)
    assert (len(record.best), len(record.others), len(record.pruned)) == (3, 10, 10)
    told = sum(bool(one.history.metrics) for one in search(100).trials)
    assert record.left_out == told - 23


def test_a_long_curve_is_thinned_but_keeps_its_ends() -> None:
    values = [epoch / 1000 for epoch in range(1000)]
    record = compute(study(trial(0, 0.999, metrics={"dev_accuracy": values})))
    assert isinstance(record, LearningCurves)
    curve = record.best[0]
    assert len(curve.epochs) <= 201
    assert (curve.epochs[0], curve.epochs[-1], curve.values[-1]) == (1, 1000, 0.999)


def test_without_curves_there_is_a_reason() -> None:
    assert isinstance(compute(study(trial(0, 0.5))), Missing)
    pruned = study(trial(0, state="PRUNED", metrics={"dev_accuracy": [0.5]}))
    assert isinstance(compute(pruned), Missing)


def test_crowded_labels_stand_around_their_middle() -> None:
    assert spread([5.0, 5.0, 5.0], 0.0, 10.0, gap=1.0) == [6.0, 5.0, 4.0]
    assert spread([5.0, 2.0], 0.0, 10.0, gap=1.0) == [5.0, 2.0]
    assert spread([10.0, 10.0], 0.0, 10.0, gap=2.0) == [10.0, 8.0]
    assert spread([3.0, 3.0], 3.0, 3.0, gap=1.0) == [3.0, 3.0]


@given(
    st.lists(st.floats(min_value=0, max_value=1), min_size=2, max_size=8),
    st.floats(min_value=0.01, max_value=0.3),
)
def test_labels_never_overlap_nor_leave_the_axis(heights: list[float], gap: float) -> None:
    placed = sorted(spread(heights, 0.0, 1.0, gap))
    least = min(gap, 1 / (len(heights) - 1))
    assert all(b - a >= least - 1e-9 for a, b in pairwise(placed))
    assert placed[0] >= -1e-9
    assert placed[-1] <= 1 + 1e-9
