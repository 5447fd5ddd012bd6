"""The table of what a trial costs beside its training."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from benchmarks.bookkeeping import SAMPLERS, costs, table


def test_every_sampler_is_measured_early_and_late() -> None:
    measured = costs(most=30)
    assert [(cost.sampler, cost.trials) for cost in measured] == [(sampler, 30) for sampler in SAMPLERS]
    for cost in measured:
        assert min(cost.early_wall, cost.early_processor, cost.late_wall, cost.late_processor) > 0
        assert cost.seconds > cost.early_wall / 1000
    drawn = StringIO()
    Console(width=140, file=drawn).print(table(measured))
    assert drawn.getvalue().count(" 30 ") == len(SAMPLERS)
