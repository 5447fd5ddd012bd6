"""The coordinator: the same search whatever the timing and however often it dies."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.storages import BaseStorage, InMemoryStorage

from hpsearch import registry
from hpsearch.run import Coordinator
from hpsearch.search.records import StudyRecord
from hpsearch.search.study import SearchStudy
from hpsearch.space.load import parse_study
from hpsearch.training.diagnosis import diagnose
from tests.fakes import FakeExecutor, FakeRecord, KilledError

STUDY = """
name: fake
data: digits
hyperparameters:
  optimizer: [momentum, adam]
  momentum: {{low: 0.5, high: 0.99, when: {{optimizer: momentum}}}}
  learning_rate: {{low: 1e-4, high: 1e-1, log: true}}
  batch_size: {batch_size}
  epochs: {epochs}
search: {{sampler: {sampler}, pruner: {pruner}, trials: {trials}, seed: 3, slots: {slots}, ticks: {ticks}}}
"""


def study_text(**settings: Any) -> str:
    usual = {"epochs": 10, "batch_size": 128, "sampler": "tpe", "pruner": "asha", "trials": 24, "slots": 5}
    return STUDY.format(**usual | {"ticks": "epochs"} | settings)


def open_study(storage: BaseStorage, *overrides: str, **settings: Any) -> SearchStudy:
    text = study_text(**settings)
    return SearchStudy(storage, parse_study(text, file="fake.yaml", overrides=overrides), text, samples=1000)


def run(
    storage: BaseStorage, executor: FakeExecutor, record: FakeRecord, *overrides: str, **settings: Any
) -> StudyRecord:
    study = open_study(storage, *overrides, **settings)
    coordinator = Coordinator(study, executor, record)
    while coordinator.step():
        pass
    return study.record()


def outcome(record: StudyRecord) -> list[tuple[Any, ...]]:
    """Everything that the same search has to give again."""
    return [
        (
            *(t.number, t.state, t.value, dict(t.params), t.seed, repr(t.history.metrics), t.failure, t.slot_start),
            *(t.history.signals, t.diagnosis),
        )
        for t in record.trials
    ]


SEARCHES: list[dict[str, Any]] = [
    {"sampler": sampler, "pruner": pruner} for sampler in ("random", "tpe") for pruner in registry.names("pruner")
]
# Small batches take 576 ticks an epoch, large ones 206.
SEARCHES += [
    {"sampler": sampler, "pruner": pruner, "ticks": "cost", "batch_size": "[8, 512]"}
    for sampler, pruner in (("random", "hyperband"), ("tpe", "asha"))
]


def named(search: dict[str, Any]) -> str:
    return "-".join(search[key] for key in ("sampler", "pruner", "ticks") if key in search)


@pytest.mark.parametrize("search", SEARCHES, ids=named)
def test_no_timing_changes_the_search(search: dict[str, Any]) -> None:
    expected = outcome(run(InMemoryStorage(), FakeExecutor(diverges=0.03), FakeRecord(), **search))
    assert {trial[1] for trial in expected} >= {"COMPLETE"}
    for seed in range(6):
        executor = FakeExecutor(random.Random(seed), diverges=0.03)
        assert outcome(run(InMemoryStorage(), executor, FakeRecord(), **search)) == expected


class MortalStorage(InMemoryStorage):
    """Dies right before or right after its n-th write."""

    lives: float = float("inf")
    after: bool = False

    def _write(self, name: str, *arguments: Any, **named: Any) -> Any:
        self.lives -= 1
        if self.lives == 0 and not self.after:
            raise KilledError
        result = getattr(super(), name)(*arguments, **named)
        if self.lives == 0:
            raise KilledError
        return result

    def create_new_trial(self, *arguments: Any, **named: Any) -> int:
        return int(self._write("create_new_trial", *arguments, **named))

    def set_trial_user_attr(self, *arguments: Any, **named: Any) -> None:
        self._write("set_trial_user_attr", *arguments, **named)

    def set_trial_intermediate_value(self, *arguments: Any, **named: Any) -> None:
        self._write("set_trial_intermediate_value", *arguments, **named)

    def set_trial_state_values(self, *arguments: Any, **named: Any) -> bool:
        return bool(self._write("set_trial_state_values", *arguments, **named))


@pytest.mark.parametrize("search", SEARCHES, ids=named)
def test_a_study_killed_at_any_write_ends_as_if_it_had_not_been(search: dict[str, Any]) -> None:
    small = search | {"trials": 14, "slots": 4}
    expected = outcome(run(InMemoryStorage(), FakeExecutor(diverges=0.05), FakeRecord(), **small))

    def resumed(deaths: list[int], timing: random.Random) -> None:
        storage, record = MortalStorage(), FakeRecord()
        for life in deaths:
            storage.lives, storage.after = life, timing.random() < 0.5
            try:
                run(storage, FakeExecutor(timing, diverges=0.05), record, **small)
                break
            except KilledError:
                pass
        storage.lives = float("inf")
        result = run(storage, FakeExecutor(timing, diverges=0.05), record, **small)
        assert outcome(result) == expected
        assert sorted(record.started) == sorted(record.ended) == [trial[0] for trial in expected]

    for life in range(1, 80):
        resumed([life], random.Random(life))
    for seed in range(10):
        timing = random.Random(seed)
        resumed([timing.randint(1, 12) for _ in range(12)], timing)


@pytest.mark.parametrize("repeats", ["true", "false"])
@pytest.mark.parametrize("patience", [3, 6])
def test_patience_comes_to_its_end_where_it_would_have_after_a_death_too(patience: int, repeats: str) -> None:
    settings: dict[str, Any] = {"sampler": "random", "pruner": "none", "trials": 60, "slots": 6, "epochs": "[2, 5, 9]"}
    coarse = "hyperparameters={learning_rate: [0.001, 0.003, 0.01, 0.02], dropout: [0.1, 0.2], epochs: [2, 5, 9]}"
    changes = (f"search.patience={patience}", f"search.repeats={repeats}") + (coarse,) * (repeats == "false")

    def ended(storage: InMemoryStorage, timing: random.Random) -> list[tuple[Any, ...]]:
        return outcome(run(storage, FakeExecutor(timing), FakeRecord(), *changes, **settings))

    expected = ended(InMemoryStorage(), random.Random(0))
    assert 8 < len(expected) < 60
    for life in range(1, 120):
        storage = MortalStorage()
        storage.lives, storage.after = life, life % 2 == 0
        with suppress(KilledError):
            ended(storage, random.Random(life))
        storage.lives = float("inf")
        assert ended(storage, random.Random(life)) == expected


def test_what_is_finished_is_not_trained_again() -> None:
    storage, record = InMemoryStorage(), FakeRecord()
    run(storage, FakeExecutor(), record, trials=8)
    again = FakeExecutor()
    run(storage, again, record, trials=8)
    assert again.submitted == []


def test_the_executor_is_told_how_each_trial_ended_and_which_networks_are_still_wanted() -> None:
    storage, executor = InMemoryStorage(), FakeExecutor(diverges=0.03)
    result = run(storage, executor, FakeRecord())
    assert {t.state for t in result.trials} == {"COMPLETE", "PRUNED"}
    assert any(t.failure for t in result.trials)
    assert executor.tidied == {}
    assert executor.stopped == {t.number: t.value if t.scored else None for t in result.trials}
    again = FakeExecutor()
    run(storage, again, FakeRecord(), trials=26)
    assert again.tidied == {t.number: t.value for t in result.trials if t.scored}


def test_trials_is_a_total_that_may_be_raised() -> None:
    storage, record = InMemoryStorage(), FakeRecord()
    run(storage, FakeExecutor(), record, trials=8)
    more = FakeExecutor()
    result = run(storage, more, record, trials=11)
    assert len(result.trials) == 11
    assert more.submitted == [8, 9, 10]


def test_a_grid_ends_with_its_last_cell() -> None:
    settings = {"sampler": "grid", "pruner": "none", "trials": 1000}
    result = run(InMemoryStorage(), FakeExecutor(), FakeRecord(), **settings)
    # momentum has 5 points beside optimizer momentum and none beside adam; learning_rate has 5.
    assert len(result.trials) == (5 + 1) * 5
    assert len({tuple(sorted(t.params.items())) for t in result.trials}) == 30


def test_a_diverged_trial_counts_as_worst_and_is_told_as_failed() -> None:
    record = FakeRecord()
    result = run(InMemoryStorage(), FakeExecutor(diverges=0.001), record, pruner="none")
    diverged = [t for t in result.trials if t.failure]
    assert diverged
    assert all(t.state == "COMPLETE" and t.value == 0.0 and t.history.epochs == 2 for t in diverged)
    assert all(record.ended[t.number] == "FAILED" for t in diverged)
    assert result.best is not None
    assert result.best.failure is None


def test_every_trial_is_diagnosed_however_it_ended() -> None:
    result = run(InMemoryStorage(), FakeExecutor(diverges=0.03), FakeRecord())
    assert {trial.state for trial in result.trials} == {"COMPLETE", "PRUNED"}
    for trial in result.trials:
        assert trial.diagnosis == diagnose(trial.history, 10)
        assert (trial.diagnosis[0].name == "diverged") == (trial.failure is not None)
        assert "vanishing_gradients" in [finding.name for finding in trial.diagnosis]


def test_asking_stops_when_the_target_is_reached() -> None:
    settings = {"sampler": "random", "pruner": "none", "trials": 500, "slots": 2}
    record = run(InMemoryStorage(), FakeExecutor(), FakeRecord(), "search.target=0.6", **settings)
    values = [t.value for t in record.trials if t.value is not None]
    assert max(values) >= 0.6
    assert len(values) < 500


def test_asking_stops_when_patience_is_at_an_end() -> None:
    settings = {"sampler": "random", "pruner": "none", "epochs": 3, "trials": 500, "slots": 1}
    record = run(InMemoryStorage(), FakeExecutor(), FakeRecord(), "search.patience=7", **settings)
    assert record.best is not None
    assert len(record.trials) == record.best.number + 1 + 7


def test_in_the_order_of_arrival_the_timing_decides_and_a_death_at_any_write_loses_nothing() -> None:
    settings: dict[str, Any] = {"trials": 14, "slots": 4}
    results = set()
    for life in range(1, 60):
        storage, record, timing = MortalStorage(), FakeRecord(), random.Random(life)
        storage.lives, storage.after = life, life % 2 == 0
        try:
            run(storage, FakeExecutor(timing, diverges=0.05), record, "search.order=arrival", **settings)
        except KilledError:
            storage.lives = float("inf")
        before = {t.number: t.state for t in storage.get_all_trials(0) if t.state.is_finished()}
        result = run(storage, FakeExecutor(timing, diverges=0.05), record, "search.order=arrival", **settings)
        assert [t.number for t in result.trials] == sorted(record.ended) == list(range(14))
        assert all(t.finished for t in result.trials)
        assert before.items() <= {t.number: t.state for t in storage.get_all_trials(0)}.items()
        results.add(repr(outcome(result)))
    assert len(results) > 1


@given(seed=st.integers(0, 2**32), slots=st.integers(1, 9), epochs=st.integers(1, 30), trials=st.integers(1, 20))
def test_every_study_ends_with_its_total(seed: int, slots: int, epochs: int, trials: int) -> None:
    executor = FakeExecutor(random.Random(seed))
    settings = {"sampler": "random", "slots": slots, "epochs": epochs, "trials": trials}
    result = run(InMemoryStorage(), executor, FakeRecord(), **settings)
    assert [t.number for t in result.trials] == list(range(trials))
    assert all(t.finished for t in result.trials)
