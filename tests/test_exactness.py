"""The same search on one, two and four workers, with any delays, killed and resumed: law 3, end to end."""

from __future__ import annotations

import os
import random
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.storages import InMemoryStorage

from tests.cli.command import ended, finished, outcome, run_process, start, trials, wait_for, write_study
from tests.cli.test_workers import settings as as_flags
from tests.fakes import FakeExecutor, FakeRecord, KilledError, RacingExecutor
from tests.test_run import SEARCHES, run
from tests.test_run import outcome as told

DIVERGES = 0.05


@cache
def alone(total: int, **search: str) -> list[tuple[Any, ...]]:
    """The search as one worker runs it that never waits."""
    return told(run(InMemoryStorage(), FakeExecutor(diverges=DIVERGES), FakeRecord(), trials=total, **search))


def raced(
    workers: int, seed: int, deaths: list[int], search: dict[str, Any]
) -> tuple[list[tuple[Any, ...]], FakeRecord]:
    """The same search by workers that race, whose coordinator dies after so many steps, each time in another life."""
    storage, record, delays = InMemoryStorage(), FakeRecord(), random.Random(seed)
    for polls in [*deaths, None]:
        executor = RacingExecutor(workers, delays, DIVERGES, float("inf") if polls is None else polls)
        try:
            return told(run(storage, executor, record, **search)), record
        except KilledError:
            continue
    raise AssertionError("the last life has no end")


@settings(max_examples=60, deadline=None)
@given(
    search=st.sampled_from(SEARCHES),
    workers=st.sampled_from([1, 2, 4]),
    seed=st.integers(0, 2**32),
    deaths=st.lists(st.integers(0, 60), max_size=3),
)
def test_no_delay_no_order_of_arrival_and_no_death_changes_the_search(
    search: dict[str, Any], workers: int, seed: int, deaths: list[int]
) -> None:
    total = 16
    found, record = raced(workers, seed, deaths, search | {"trials": total})
    assert found == alone(**search, total=total)
    assert sorted(record.started) == sorted(record.ended) == list(range(total))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_twenty_seeds_of_delays_give_one_search_with_every_sampler_and_pruner(seed: int) -> None:
    chance = random.Random(seed)
    for search in SEARCHES:
        expected = alone(**search, total=60)
        for workers in (1, 2, 4):
            deaths = [chance.randint(20, 120) for _ in range(3)]
            assert raced(workers, chance.getrandbits(32), deaths, search | {"trials": 60})[0] == expected


# Hosts run this when they start: each epoch of a worker begins late, by lots that every worker draws for itself.
DELAYS = """
import os, sys
if "hpsearch.execution.host" in sys.orig_argv:
    import random, time
    import hpsearch.execution.trainer as trainer
    real, lots = trainer.train_epoch, {}
    def late(*given):
        mine = lots.setdefault(os.getpid(), random.Random(f"{os.environ['DELAYS']} {os.getpid()}"))
        time.sleep(mine.choice([0.0, 0.0, 0.02, 0.2]))
        return real(*given)
    trainer.train_epoch = late
"""


@pytest.mark.slow
def test_real_workers_with_delays_killed_three_times_give_one_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "late").mkdir()
    (tmp_path / "late" / "sitecustomize.py").write_text(DELAYS)
    study = write_study(tmp_path, trials=48, pruner="asha", epochs=12, executor="inline")
    assert run_process("run", study, "--home", tmp_path / "whole", timeout=300).code == 0
    expected = outcome(trials(tmp_path / "whole"))
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path / 'late'}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    for seed, (workers, kills) in enumerate([(2, 0), (2, 3), (4, 0), (4, 3)]):
        home, chance = tmp_path / f"{workers}-{kills}", random.Random(seed)
        monkeypatch.setenv("DELAYS", str(seed))
        flags = as_flags([f"execution.workers={workers}", "execution.executor=processes"])
        for _ in range(kills):
            done = finished(home) + chance.randint(2, 8)
            process = start("run", study, "--home", home, *flags)
            wait_for(lambda: process.poll() is not None or finished(home) >= done, f"{done} trials")  # noqa: B023
            process.kill()
            process.communicate()
        assert kills == 0 or finished(home) < 48, "it ended before it could be killed"
        result = ended(start("run", study, "--home", home, *flags), timeout=300)
        assert result.code == 0, result.err
        assert outcome(trials(home)) == expected, (workers, kills)
