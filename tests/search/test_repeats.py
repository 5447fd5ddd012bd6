"""No assignment is trained twice, enqueued ones come first, and neither timing nor death changes a search with both."""

from __future__ import annotations

import contextlib
import random
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.storages import BaseStorage, InMemoryStorage

from hpsearch.errors import InputError
from hpsearch.run import Coordinator
from hpsearch.search.records import StudyRecord
from hpsearch.space.assignments import key
from tests.fakes import FakeExecutor, FakeRecord, KilledError
from tests.search.conftest import Storages
from tests.test_run import MortalStorage, open_study, outcome, run

NINE = (  # assignments: three rates, beside adam or beside momentum with one of two values
    "hyperparameters.learning_rate=[0.001, 0.01, 0.1]",
    "hyperparameters.momentum={options: [0.5, 0.9], when: {optimizer: momentum}}",
)
ONE = "{optimizer: adam, learning_rate: 0.01}"
QUEUE = f"search.enqueue=[{ONE}, {{learning_rate: 0.1}}, {ONE}]"
SAMPLERS = ("random", "tpe", "grid")


def searched(*overrides: str, timing: random.Random | None = None, **settings: Any) -> StudyRecord:
    given = {"trials": 200, "pruner": "none", "epochs": 4, **settings}
    return run(InMemoryStorage(), FakeExecutor(timing, diverges=0.05), FakeRecord(), *NINE, *overrides, **given)


def full(record: StudyRecord) -> list[tuple[Any, ...]]:
    return [(*one, t.repeats, t.known) for one, t in zip(outcome(record), record.trials, strict=True)]


def check_repeats(record: StudyRecord) -> None:
    """Of each assignment the first is trained, and the others have its result."""
    first: dict[object, int] = {}
    for trial in record.trials:
        assert trial.finished
        assert trial.repeats == first.get(key(trial.values))
        first.setdefault(key(trial.values), trial.number)
        if trial.repeats is not None:
            of = record.trials[trial.repeats]
            assert (trial.state, trial.value, trial.seed) == (of.state, of.value, of.seed)
            assert (trial.diagnosis, trial.failure) == (of.diagnosis, of.failure)
            # A diverged one has values that equal nothing.
            assert repr(trial.history) == repr(replace(of.history, trained_by=[])), "it was trained nowhere"
            assert of.history.trained_by
            assert trial.seconds == 0


@given(
    sampler=st.sampled_from(SAMPLERS),
    pruner=st.sampled_from(["none", "asha", "median"]),
    slots=st.integers(1, 12),
    trials=st.integers(1, 40),
    seed=st.integers(0, 1000),
    queue=st.sampled_from(["search.repeats=false", QUEUE]),
)
def test_no_assignment_is_trained_twice_and_the_total_is_kept(
    sampler: str, pruner: str, slots: int, trials: int, seed: int, queue: str
) -> None:
    settings: dict[str, Any] = {"sampler": sampler, "pruner": pruner, "slots": slots, "trials": trials}
    record = searched(queue, f"search.seed={seed}", timing=random.Random(seed), **settings)
    check_repeats(record)
    distinct = {key(trial.values) for trial in record.trials}
    assert len(record.trials) == trials or len(distinct) == 9
    assert len(record.trials) <= trials


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_an_exhausted_space_ends_the_study(sampler: str) -> None:
    storage, executor = InMemoryStorage(), FakeExecutor()
    study = open_study(storage, *NINE, sampler=sampler, pruner="none", trials=500)
    coordinator = Coordinator(study, executor, FakeRecord())
    while coordinator.step():
        pass
    record = study.record()
    assert len({key(trial.values) for trial in record.trials}) == len(executor.submitted) == study.exhausted == 9
    assert len(record.trials) < 200
    again = FakeExecutor()
    assert full(run(storage, again, FakeRecord(), *NINE, sampler=sampler, pruner="none", trials=500)) == full(record)
    assert again.submitted == []


def test_repeats_are_trained_where_they_are_asked_for() -> None:
    record = searched("search.repeats=true", sampler="random", trials=60)
    assert all(trial.trained for trial in record.trials)
    assert len(record.trials) == 60
    values = {(key(trial.values), trial.value) for trial in record.trials}
    assert len(values) > 9  # another seed is another sample of the noise


def test_enqueued_assignments_come_first_in_their_order() -> None:
    record = searched(QUEUE, sampler="random", trials=5)
    first, second, third, *_ = record.trials
    assert dict(first.params) == {"optimizer": "adam", "learning_rate": 0.01}
    assert second.params["learning_rate"] == 0.1
    assert "optimizer" in second.params
    assert third.repeats == 0


def test_a_grid_leaves_out_what_was_enqueued_and_adds_what_is_no_cell() -> None:
    ranges = "hyperparameters.learning_rate={low: 0.001, high: 0.1, log: true, points: 3}"
    rows = "{optimizer: adam, learning_rate: 0.05}, {optimizer: adam, learning_rate: 0.1}, {optimizer: adam}"
    queue = f"search.enqueue=[{rows}]"
    study = open_study(InMemoryStorage(), *NINE, ranges, queue, sampler="grid", trials=100)
    assert study.file.total == 10
    coordinator = Coordinator(study, FakeExecutor(), FakeRecord())
    while coordinator.step():
        pass
    trials = study.record().trials
    assert len(trials) == 10
    assert len({key(trial.params) for trial in trials}) == 10
    assert [trial.params["learning_rate"] for trial in trials[:3]] == [0.05, 0.1, 0.001]


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("pruner", ["none", "asha"])
def test_no_timing_changes_a_search_with_repeats(sampler: str, pruner: str) -> None:
    expected = full(searched(QUEUE, sampler=sampler, pruner=pruner))
    assert any(trial[-2] is not None for trial in expected)
    for seed in range(3):
        timing = random.Random(seed)
        assert full(searched(QUEUE, sampler=sampler, pruner=pruner, timing=timing)) == expected


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_search_with_repeats_that_is_killed_ends_as_if_it_had_not_been(sampler: str) -> None:
    settings: dict[str, Any] = {"sampler": sampler, "pruner": "asha", "trials": 25, "slots": 4, "epochs": 4}
    expected = full(searched(QUEUE, **settings))
    for life in range(1, 90, 5):
        storage, record, timing = MortalStorage(), FakeRecord(), random.Random(life)
        for lives in (life, timing.randint(1, 9), timing.randint(1, 9)):
            storage.lives, storage.after = lives, timing.random() < 0.5
            with contextlib.suppress(KilledError):
                run(storage, FakeExecutor(timing, diverges=0.05), record, *NINE, QUEUE, **settings)
        storage.lives = float("inf")
        result = run(storage, FakeExecutor(timing, diverges=0.05), record, *NINE, QUEUE, **settings)
        assert full(result) == expected
        assert sorted(record.started) == sorted(record.ended) == [trial[0] for trial in expected]
        for trial in result.trials:
            if trial.repeats is not None:
                assert record.epochs[trial.number] == list(range(1, trial.history.epochs + 1))


def test_a_trial_waits_for_one_under_way_that_is_all_that_there_is_to_try() -> None:
    twice = f"search.enqueue=[{ONE}, {ONE}]"
    study = open_study(InMemoryStorage(), *NINE, twice, sampler="random", pruner="none", trials=2)
    executor = FakeExecutor()
    coordinator = Coordinator(study, executor, FakeRecord())
    assert (study.waiting, coordinator.running, executor.submitted) == (1, 2, [0])
    while coordinator.step():
        pass
    assert study.waiting == 0
    check_repeats(study.record())


def test_samplers_and_pruners_do_not_see_repeats() -> None:
    study = open_study(InMemoryStorage(), *NINE, sampler="tpe", pruner="median", trials=60)
    coordinator = Coordinator(study, FakeExecutor(), FakeRecord())
    while coordinator.step():
        pass
    repeats = [trial.number for trial in study.record().trials if trial.repeats is not None]
    assert repeats
    assert not {trial.number for trial in study._past.ended} & set(repeats)
    assert not {trial.number for trial in study._past.get_trials()} & set(repeats)


def test_the_same_assignment_is_recognised_whatever_a_step_rounds_to() -> None:
    stepped = "hyperparameters.learning_rate={low: 0.01, high: 0.09, step: 0.01}"
    record = searched(stepped, "hyperparameters.optimizer=adam", sampler="random", trials=300)
    check_repeats(record)
    assert Counter(trial.trained for trial in record.trials)[True] == 9


WIDER = "hyperparameters.learning_rate={low: 0.0001, high: 0.5, log: true}"
NARROWER = "hyperparameters.learning_rate={low: 0.003, high: 0.03, log: true}"


def changed(storage: BaseStorage, sampler: str, *changes: str, record: FakeRecord | None = None) -> StudyRecord:
    """A study of 12 trials that then goes on to 30 with a changed file."""
    settings: dict[str, Any] = {"sampler": sampler, "pruner": "asha", "slots": 4, "epochs": 9}
    told = record or FakeRecord()
    run(storage, FakeExecutor(), told, trials=12, **settings)
    return run(storage, FakeExecutor(), told, *changes, trials=30, **settings)


@pytest.mark.parametrize("sampler", ["random", "tpe"])
@pytest.mark.parametrize("change", [WIDER, NARROWER])
def test_a_study_goes_on_in_a_changed_range(sampler: str, change: str) -> None:
    record = changed(InMemoryStorage(), sampler, change)
    rates = [float(trial.params["learning_rate"] or 0) for trial in record.trials]
    low, high = (0.003, 0.03) if change == NARROWER else (0.0001, 0.5)
    assert all(low <= rate <= high for rate in rates[12:])
    assert not all(0.003 <= rate <= 0.03 for rate in rates[:12])
    ((first, what),) = record.revisions
    assert first == 12
    assert all(line.startswith("hyperparameters.learning_rate.") for line in what)


def test_a_database_takes_changed_ranges_and_repeats_too(storages: Storages) -> None:
    def searched_in(storage: BaseStorage) -> StudyRecord:
        settings: dict[str, Any] = {"sampler": "random", "pruner": "asha", "epochs": 2}
        steps = "hyperparameters.learning_rate={low: 0.01, high: %s, step: 0.01}"
        for trials, high in ((5, "0.02"), (12, "0.03")):
            record = run(storage, FakeExecutor(), FakeRecord(), NINE[1], steps % high, trials=trials, **settings)
        return record

    record = searched_in(InMemoryStorage())
    check_repeats(record)
    assert sum(not trial.trained for trial in record.trials) > 1
    assert full(searched_in(storages())) == full(record)


@pytest.mark.parametrize("change", [WIDER, NARROWER])
def test_a_changed_study_that_is_killed_ends_as_if_it_had_not_been(change: str) -> None:
    settings: dict[str, Any] = {"sampler": "tpe", "pruner": "asha", "slots": 4, "epochs": 9}
    expected = outcome(changed(InMemoryStorage(), "tpe", change))
    for life in range(1, 80, 7):
        storage, record, timing = MortalStorage(), FakeRecord(), random.Random(life)
        run(storage, FakeExecutor(timing), record, trials=12, **settings)
        storage.lives, storage.after = life, life % 2 == 0
        with contextlib.suppress(KilledError):
            run(storage, FakeExecutor(timing), record, change, trials=30, **settings)
        storage.lives = float("inf")
        assert outcome(run(storage, FakeExecutor(timing), record, change, trials=30, **settings)) == expected


def test_tpe_models_what_lies_in_the_new_range_and_nothing_else() -> None:
    storage = InMemoryStorage()
    settings: dict[str, Any] = {"sampler": "tpe", "pruner": "none"}
    run(storage, FakeExecutor(), FakeRecord(), trials=20, **settings)
    study = open_study(storage, NARROWER, trials=21, **settings)
    shown = study._past.get_trials(deepcopy=False)
    assert 0 < len(shown) < 20
    assert all(0.003 <= trial.params["learning_rate"] <= 0.03 for trial in shown)
    assert {repr(trial.distributions["learning_rate"]) for trial in shown} == {
        repr(study._distributions["learning_rate"])
    }


def test_a_changed_back_range_is_one_more_revision() -> None:
    storage = InMemoryStorage()
    settings: dict[str, Any] = {"sampler": "random", "pruner": "none"}
    run(storage, FakeExecutor(), FakeRecord(), trials=4, **settings)
    open_study(storage, WIDER, trials=4, **settings)
    assert len(open_study(storage, WIDER, trials=4, **settings).record().revisions) == 1
    run(storage, FakeExecutor(), FakeRecord(), NARROWER, trials=6, **settings)
    record = run(storage, FakeExecutor(), FakeRecord(), trials=8, **settings)
    assert [first for first, _ in record.revisions] == [4, 6]


def test_a_grid_that_is_widened_walks_the_new_cells_only() -> None:
    storage = InMemoryStorage()
    settings: dict[str, Any] = {"sampler": "grid", "pruner": "none", "trials": 100}
    rates = "hyperparameters.learning_rate={low: 0.001, high: 0.1, log: true, points: %d}"
    run(storage, FakeExecutor(), FakeRecord(), NINE[1], rates % 2, **settings)
    record = run(storage, FakeExecutor(), FakeRecord(), NINE[1], rates % 3, **settings)
    assert len(record.trials) == record.total == 9
    assert len({key(trial.params) for trial in record.trials}) == 9
    narrower = "hyperparameters.learning_rate={low: 0.002, high: 0.1, log: true, points: 2}"
    record = run(storage, FakeExecutor(), FakeRecord(), NINE[1], narrower, **settings)
    assert len(record.trials) == record.total == 12


def test_what_was_enqueued_may_be_emptied_when_it_was_taken_over() -> None:
    storage = InMemoryStorage()
    settings: dict[str, Any] = {"sampler": "random", "pruner": "none"}
    rows = f"search.enqueue=[{ONE}, {ONE}]"
    run(storage, FakeExecutor(), FakeRecord(), rows, trials=1, **settings)
    with pytest.raises(InputError, match=r"search.enqueue: 2 assignments → \[\] \(the first trials take over"):
        open_study(storage, trials=2, **settings)
    run(storage, FakeExecutor(), FakeRecord(), rows, trials=2, **settings)
    record = run(storage, FakeExecutor(), FakeRecord(), NARROWER.replace("0.003", "0.02"), trials=5, **settings)
    assert len(record.trials) == 5
