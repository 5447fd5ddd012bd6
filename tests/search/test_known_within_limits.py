"""Known assignments, no repeats, limits, several objectives and sequences of samplers, all in one study."""

from __future__ import annotations

import contextlib
import math
import random
from typing import Any

import pytest
from optuna.storages import BaseStorage, InMemoryStorage

from hpsearch import registry
from hpsearch.run import Coordinator
from hpsearch.search.records import StudyRecord
from hpsearch.search.study import SearchStudy
from hpsearch.search.warm_start import resolve
from hpsearch.space.assignments import key
from tests.fakes import FakeExecutor, FakeRecord, KilledError
from tests.test_objectives import LIMIT, counted, open_study, outcome
from tests.test_run import MortalStorage

FEW = ("hyperparameters.width=[4, 19, 34]", "hyperparameters.learning_rate=[0.001, 0.01]")  # 14 of 18 within LIMIT
BREAKS = "{width: 34, depth: 3, learning_rate: 0.01}"
QUEUE = f"search.enqueue=[{{width: 19}}, {BREAKS}, {{width: 34}}, {{width: 19}}]"
QUICK = [name for name in registry.names("sampler") if name != "gp"]  # asked again and again, it fits each time
SAMPLERS = [*QUICK, "[{name: random, trials: 5}, {name: grid, trials: 6}, tpe]"]


def finish(study: SearchStudy, timing: random.Random | None = None) -> StudyRecord:
    coordinator = Coordinator(study, FakeExecutor(timing, diverges=0.01), FakeRecord())
    while coordinator.step():
        pass
    return study.record()


def searched(*overrides: str, storage: BaseStorage | None = None, timing: int | None = None, **settings: Any) -> Any:
    given = {"trials": 24, "constraints": LIMIT, **settings}
    study = open_study(storage or InMemoryStorage(), *FEW, *overrides, **given)
    return finish(study, None if timing is None else random.Random(timing))


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("pruner", ["none", "asha"])
def test_all_of_it_at_once(sampler: str, pruner: str) -> None:
    record = searched(QUEUE, sampler=sampler, pruner=pruner)
    first: dict[object, Any] = {}
    for trial in record.trials:
        assert trial.finished
        assert dict(trial.costs) == counted(trial.values)
        assert trial.costs["parameters"] <= 60
        of = first.setdefault(key(trial.values), trial)
        assert trial.repeats == (None if of is trial else of.number)
        assert (trial.state, dict(trial.objectives), trial.seed) == (of.state, dict(of.objectives), of.seed)
    assert [trial.values["width"] for trial in record.trials[:4:2]] == [19, 34]
    assert record.trials[3].values["width"] == 19
    assert record.total == len(record.trials)
    assert len(record.trials) == (14 if sampler == "grid" else 24)
    assert all(trial.repeats is None for trial in record.front)
    for timing in range(3):
        assert outcome(searched(QUEUE, sampler=sampler, pruner=pruner, timing=timing)) == outcome(record)


@pytest.mark.parametrize("sampler", ["random", "tpe", "grid"])
def test_all_of_it_killed_at_any_write_ends_as_if_it_had_not_been(sampler: str) -> None:
    settings: dict[str, Any] = {"sampler": sampler, "pruner": "asha"}
    expected = outcome(searched(QUEUE, **settings))
    for life in range(1, 90, 7):
        storage = MortalStorage()
        storage.lives, storage.after = life, life % 2 == 0
        with contextlib.suppress(KilledError):
            searched(QUEUE, storage=storage, timing=life, **settings)
        storage.lives = math.inf
        assert outcome(searched(QUEUE, storage=storage, timing=life, **settings)) == expected


@pytest.mark.parametrize("sampler", ["tpe", "grid"])
def test_enqueued_values_that_break_a_limit_are_left_out(sampler: str, caplog: pytest.LogCaptureFixture) -> None:
    record = searched(f"search.enqueue=[{BREAKS}]", sampler=sampler)
    assert "the values given to trial 0 break them: they are left out" in caplog.text
    assert record.trials[0].costs["parameters"] <= 60
    caplog.clear()
    partly = searched("search.enqueue=[{width: 34, depth: 2}]", sampler=sampler)
    assert partly.trials[0].costs["parameters"] <= 60
    assert ("trial 0 keeps to them: they are left out" in caplog.text) == (sampler == "tpe")
    assert [t.params for t in partly.trials] == [t.params for t in record.trials]


def test_results_of_another_study_come_with_all_their_values_and_costs() -> None:
    storage = InMemoryStorage()
    old = searched(storage=storage, trials=8, constraints="{}")
    ends = [trial for trial in old.trials if trial.state == "COMPLETE" and trial.repeats is None]
    within = [trial for trial in ends if trial.costs["parameters"] <= 60]
    assert 0 < len(within) < len(ends)
    begin = ("name=fork", "search.warm_start={study: several, results: true}")
    asked = open_study(InMemoryStorage(), *FEW, *begin, trials=20, constraints=LIMIT)
    file = resolve(asked.file, storage)
    record = finish(SearchStudy(storage, file, "", costs=counted))
    known = {trial.known: trial for trial in record.trials if trial.known is not None}
    assert set(known) == {f"several/{trial.number}" for trial in within}
    for trial in within:
        taken = known[f"several/{trial.number}"]
        assert (taken.objectives, taken.costs, taken.value) == (trial.objectives, trial.costs, trial.value)
        assert taken.seed == trial.seed
    assert all(trial.costs["parameters"] <= 60 for trial in record.trials)
