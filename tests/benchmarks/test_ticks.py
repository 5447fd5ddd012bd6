"""The benchmark of ticks by cost."""

from __future__ import annotations

import pytest

from benchmarks.ticks import main


@pytest.mark.slow
def test_both_ways_are_run_and_the_prediction_is_compared(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--trials", "12", "--repeats", "1"]) == 0
    printed = capsys.readouterr().out
    assert printed.count(" → ") == 7
    assert "with the prediction taken off: " in printed
