"""The table of what cohorts win and lose."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from benchmarks.cohorts import Run, arms, compared, spread, table


def test_arms_are_compared_where_the_fastest_has_ended() -> None:
    slow = Run(0.95, 400, ((2.0, 0.8), (5.0, 0.9), (10.0, 0.95)))
    fast = Run(0.94, 500, ((1.0, 0.7), (6.0, 0.94)))
    one, four = compared({1: [slow], 4: [fast]})
    assert (one.shown, four.shown) == ((0.9,), (0.94,))
    assert (slow.processor, fast.processor) == (10.0, 6.0)
    assert slow.shown(1.0) == 0.8
    drawn = StringIO()
    Console(width=140, file=drawn).print(table([one, four]))
    assert "0.9500 ± 0.0000" in drawn.getvalue()
    assert spread([1.0, 2.0, 3.0]) == (2.0, 1.0)


@pytest.mark.slow
def test_each_cohort_is_run_on_each_seed() -> None:
    short = ("search.trials=4", "hyperparameters.epochs=1", "search.pruner=none")
    measured = arms("digits_mlp", short, seeds=2, cohorts=(1, 2))
    assert [(arm.cohort, [run.epochs for run in arm.runs]) for arm in measured] == [(1, [4, 4]), (2, [4, 4])]
