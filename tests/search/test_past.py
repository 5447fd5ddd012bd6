"""What the coordinator remembers of a study is what the storage has, at no cost that grows with the trials."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.storages import InMemoryStorage
from optuna.trial import FrozenTrial, TrialState, create_trial

from hpsearch import registry
from hpsearch.run import Coordinator
from hpsearch.search.past import Past
from hpsearch.search.pruners import Median
from hpsearch.search.ranks import Rungs
from tests.fakes import FakeExecutor, FakeRecord
from tests.test_run import open_study


def running(study: optuna.Study, reported: dict[int, float]) -> int:
    study.add_trial(create_trial(state=TrialState.RUNNING, intermediate_values=reported))
    return len(study.trials) - 1


@pytest.mark.parametrize("sampler", ["random", "tpe"])
@pytest.mark.parametrize("pruner", ["median", "asha", "hyperband"])
def test_what_is_remembered_is_what_a_new_process_would_read(sampler: str, pruner: str) -> None:
    storage = InMemoryStorage()
    study = open_study(storage, sampler=sampler, pruner=pruner)
    coordinator = Coordinator(study, FakeExecutor(random.Random(1), diverges=0.05), FakeRecord())
    going = True
    while going:
        going = coordinator.step()
        known, read = study._past, Past(storage, "fake")
        assert known.by_number == read.by_number
        assert known.under_way == read.under_way
        assert sorted(known.reports) == sorted(read.reports)
        assert [trial.number for trial in known.ended] == [trial.number for trial in read.ended]
    assert len(read.ended) == 24


class Counting(InMemoryStorage):
    """Counts how often all trials are read."""

    def __init__(self) -> None:
        super().__init__()
        self.readings: Counter[str] = Counter()

    def get_all_trials(self, *arguments: Any, **named: Any) -> list[FrozenTrial]:
        self.readings["all"] += 1
        return super().get_all_trials(*arguments, **named)

    def get_all_studies(self) -> Any:
        self.readings["studies"] += 1
        return super().get_all_studies()


@pytest.mark.parametrize("sampler", ["grid", "random", "tpe"])
@pytest.mark.parametrize("pruner", registry.names("pruner"))
def test_the_whole_study_is_read_no_more_often_for_more_trials(sampler: str, pruner: str) -> None:
    readings = []
    for trials in (5, 30):
        storage = Counting()
        study = open_study(storage, sampler=sampler, pruner=pruner, trials=trials)
        coordinator = Coordinator(study, FakeExecutor(), FakeRecord())
        while coordinator.step():
            pass
        readings.append(storage.readings)
    assert readings[0] == readings[1]


def test_a_report_that_is_written_again_counts_once() -> None:
    study = optuna.create_study()
    number = running(study, {1: 0.5})
    past = Past(study._storage, study.study_name)
    past.update(past.by_number[number])
    assert past.reports == [(number, 1, 0.5)]


def test_a_view_shows_its_trials_and_leaves_the_past_as_it_is() -> None:
    study = optuna.create_study()
    for value in range(4):
        study.add_trial(create_trial(value=float(value)))
    past = Past(study._storage, study.study_name)
    view = past.showing([past.by_number[2]])
    assert [trial.number for trial in view.get_trials()] == [2]
    assert [trial.number for trial in past.get_trials()] == [0, 1, 2, 3]


@given(
    values=st.lists(st.sampled_from([0.1, 0.2, 0.3, float("nan")]), min_size=1, max_size=12), seed=st.integers(0, 99)
)
def test_a_rung_does_not_depend_on_the_order_in_which_values_came(values: list[float], seed: int) -> None:
    study = optuna.create_study(direction="maximize")
    for _ in values:
        running(study, {})
    decided = []
    for order in (range(len(values)), random.Random(seed).sample(range(len(values)), len(values))):
        past = Past(study._storage, study.study_name)
        rungs = Rungs(past)
        for number in order:
            past.update(create_running(number, {1: values[number]}))
            rungs.in_best(number, 1, 3)
        decided.append([rungs.in_best(number, 1, 3) for number in range(len(values))])
    assert decided[0] == decided[1]
    assert any(decided[0])


def create_running(number: int, reported: dict[int, float]) -> FrozenTrial:
    trial = create_trial(state=TrialState.RUNNING, intermediate_values=reported)
    trial.number = number
    return trial


@pytest.mark.filterwarnings("ignore:All-NaN")
@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_median_decides_as_optunas_does(direction: Any) -> None:
    rng, ours = random.Random(0), Median(0)
    theirs = optuna.pruners.MedianPruner()
    study = optuna.create_study(direction=direction, pruner=theirs)
    decisions = Counter[bool]()
    for _ in range(60):
        trial = study.ask()
        for epoch in range(1, rng.randint(2, 12)):
            trial.report(rng.choice([rng.random(), 0.5, float("nan")]), epoch)
            expected = trial.should_prune()
            past = Past(study._storage, study.study_name)
            assert ours.prunes(past, past.by_number[trial.number], epoch) == expected
            decisions[expected] += 1
            if expected:
                study.tell(trial, state=TrialState.PRUNED)
                break
        else:
            study.tell(trial, rng.random())
    assert min(decisions[True], decisions[False]) > 10
