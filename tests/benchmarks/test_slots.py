"""The simulation behind the number of slots."""

from __future__ import annotations

import pytest

from benchmarks.slots import idle, lowest, main


def test_one_worker_never_waits_and_more_slots_wait_less() -> None:
    assert idle(1, 1, 1.0, 60, seed=0) == pytest.approx(0.0)
    few, many = (idle(4, slots, 1.0, 300, seed=0) for slots in (4, 64))
    assert 0.1 < few < 1.0
    assert many < 0.5 * few


def test_ticks_of_the_true_length_let_nobody_wait() -> None:
    assert idle(4, 8, 1.0, 300, seed=1, weighed=True) < 0.5 * idle(4, 8, 1.0, 300, seed=1)


def test_a_search_finds_a_lower_point_than_its_first_trials() -> None:
    assert 0.0 <= lowest(4, 0, 24) < lowest(4, 0, 1)


def test_fewer_trials_than_slots_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(["--trials", "64"])
    assert raised.value.code == 2
    assert "--trials must be more than the most slots, 64" in capsys.readouterr().err
