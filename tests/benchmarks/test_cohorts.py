"""The table of what cohorts win and lose."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from benchmarks.cohorts import Arm, arms, table
from benchmarks.ways import Measured


def _measured(best: float, processor: float, epochs: int) -> Measured:
    return Measured(trials=100, epochs=epochs, best=best, seconds=10.0, processor=processor, searching=5.0)


def test_means_and_deviations_are_over_the_seeds() -> None:
    arm = Arm(4, (_measured(0.9, 10.0, 400), _measured(0.98, 12.0, 500)))
    assert arm.spread(lambda run: run.best or 0.0) == pytest.approx((0.94, 0.05657), abs=1e-4)
    assert Arm(1, arm.runs[:1]).spread(lambda run: run.processor) == (10.0, 0.0)
    drawn = StringIO()
    Console(width=140, file=drawn).print(table([arm]))
    assert "0.9400 ± 0.0566" in drawn.getvalue()
    assert "11.0 ± 1.4" in drawn.getvalue()


@pytest.mark.slow
def test_each_cohort_is_run_on_each_seed() -> None:
    short = ("search.trials=4", "hyperparameters.epochs=1", "search.pruner=none")
    measured = arms("digits_mlp", short, seeds=2, cohorts=(1, 2))
    assert [(arm.cohort, [run.trials for run in arm.runs]) for arm in measured] == [(1, [4, 4]), (2, [4, 4])]
