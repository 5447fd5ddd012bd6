from __future__ import annotations

from hpsearch.reports.figure import Missing
from hpsearch.reports.figures.coverage import Coverage, alt, compute, draw
from hpsearch.reports.theme import LIGHT
from hpsearch.search.records import Dimension
from tests.reports.studies import study, trial

X, Y = Dimension("x", low=0.0, high=1.0), Dimension("y", low=0.0, high=1.0)


def test_a_grid_has_few_different_values_of_each_and_a_random_layout_as_many_as_trials() -> None:
    grid = [{"x": a / 3, "y": b / 3} for a in range(4) for b in range(4)]
    spread = [{"x": n / 16, "y": (n * 7 % 16) / 16} for n in range(16)]
    for params, different in ((grid, (4, 4)), (spread, (16, 16))):
        trials = [trial(n, n / 16, params=one) for n, one in enumerate(params)]
        record = compute(study(*trials, dimensions=(X, Y)))
        assert isinstance(record, Coverage)
        assert (record.trials, record.different) == (16, different)
        assert len(draw(record, LIGHT).data[1].x) == different[0]
        assert alt(record).endswith("A square grid of as many trials has 4 of each.")


def test_every_trial_counts_whatever_became_of_it() -> None:
    trials = [trial(0, 0.5, params={"x": 0.1, "y": 0.2}), trial(1, state="FAIL", params={"x": 0.1, "y": 0.3})]
    record = compute(study(*trials, trial(2, 0.4, params={"x": 0.9}), dimensions=(X, Y)))
    assert isinstance(record, Coverage)
    assert record.points == ((0, 0.1, 0.2), (1, 0.1, 0.3))
    assert record.different == (1, 2)


def test_one_hyperparameter_is_a_reason() -> None:
    record = compute(study(trial(0, 0.5, params={"x": 0.1}), dimensions=(X,)))
    assert record == Missing("Fewer than two searched hyperparameters vary.")


def test_one_trial_is_counted_in_the_singular() -> None:
    record = compute(study(trial(0, 0.5, params={"x": 0.1, "y": 0.2}), dimensions=(X, Y)))
    assert isinstance(record, Coverage)
    assert alt(record).startswith("1 trial with both, 1 value of x and 1 of y.")
