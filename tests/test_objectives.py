"""Several objectives and limits in the coordinator: the same search whatever the timing and however often it dies."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from optuna.storages import BaseStorage, InMemoryStorage

from hpsearch import registry
from hpsearch.errors import InputError
from hpsearch.events import EpochEnded, Event, Scalar
from hpsearch.run import Coordinator
from hpsearch.search import limits
from hpsearch.search.limits import check_limits
from hpsearch.search.mirroring import mirror_end
from hpsearch.search.records import StudyRecord
from hpsearch.search.study import SearchStudy
from hpsearch.space.load import parse_study
from tests.fakes import FakeExecutor, FakeRecord, KilledError
from tests.test_run import MortalStorage

STUDY = """
name: several
data: digits
hyperparameters:
  width: {{low: 4, high: 64, points: 5}}
  depth: [1, 2, 3]
  learning_rate: {{low: 1e-4, high: 1e-1, log: true, points: 4}}
  epochs: 6
objective: {objective}
search: {{sampler: {sampler}, pruner: {pruner}, trials: {trials}, seed: 3, slots: 4, constraints: {constraints}}}
"""
TWO = "[{metric: parameters}, {metric: dev_accuracy}]"
LIMIT = "{max_parameters: 60}"


def counted(values: Mapping[str, Scalar]) -> Mapping[str, int]:
    width, depth = int(values["width"] or 0), int(values["depth"] or 0)
    return {"parameters": width * depth, "multiply_adds": width * depth * 10}


def open_study(storage: BaseStorage, *overrides: str, **settings: Any) -> SearchStudy:
    given = {"sampler": "tpe", "pruner": "none", "trials": 16, "objective": TWO, "constraints": "{}"} | settings
    text = STUDY.format(**given)
    file = parse_study(text, file="several.yaml", overrides=overrides)
    return SearchStudy(storage, file, text, costs=settings.get("costs", counted))


def run(
    storage: BaseStorage, executor: FakeExecutor | None = None, record: FakeRecord | None = None, **settings: Any
) -> StudyRecord:
    study = open_study(storage, **settings)
    coordinator = Coordinator(study, executor or FakeExecutor(), record or FakeRecord())
    while coordinator.step():
        pass
    return study.record()


def outcome(record: StudyRecord) -> list[tuple[Any, ...]]:
    return [
        (t.number, t.state, t.value, dict(t.objectives), dict(t.costs), dict(t.params), t.seed, t.failure, t.slot_start)
        for t in record.trials
    ]


SEARCHES: list[dict[str, Any]] = [
    {"sampler": sampler, "pruner": pruner, "constraints": constraints}
    for sampler in registry.names("sampler")
    for pruner in ("none", "asha", "median")
    for constraints in ("{}", LIMIT)
]
ALL = pytest.mark.parametrize("search", SEARCHES, ids=lambda s: "-".join(s.values()))


@ALL
def test_no_timing_changes_the_search(search: dict[str, Any]) -> None:
    expected = outcome(run(InMemoryStorage(), FakeExecutor(diverges=0.03), **search))
    for seed in range(3):
        executor = FakeExecutor(random.Random(seed), diverges=0.03)
        assert outcome(run(InMemoryStorage(), executor, **search)) == expected


@ALL
def test_a_study_killed_at_any_write_ends_as_if_it_had_not_been(search: dict[str, Any]) -> None:
    small = search | {"trials": 13}
    expected = outcome(run(InMemoryStorage(), FakeExecutor(diverges=0.05), **small))
    for life in range(1, 39, 3):
        storage, record, timing = MortalStorage(), FakeRecord(), random.Random(life)
        storage.lives, storage.after = life, timing.random() < 0.5
        with pytest.raises(KilledError):
            run(storage, FakeExecutor(timing, diverges=0.05), record, **small)
        storage.lives = float("inf")
        assert outcome(run(storage, FakeExecutor(timing, diverges=0.05), record, **small)) == expected
        assert sorted(record.started) == sorted(record.ended) == [trial[0] for trial in expected]


@ALL
def test_the_total_is_trained_and_every_trial_keeps_to_the_limits(search: dict[str, Any]) -> None:
    executor = FakeExecutor(diverges=0.03)
    record = run(InMemoryStorage(), executor, **search)
    assert executor.submitted == [trial.number for trial in record.trials] == list(range(record.total))
    assert record.total == 16
    most = 60 if search["constraints"] == LIMIT else math.inf
    for trial in record.trials:
        assert trial.costs == counted(trial.values)
        assert trial.costs["parameters"] <= most
        if trial.state == "COMPLETE" and not trial.failure:
            assert trial.objectives == {"parameters": trial.costs["parameters"], "dev_accuracy": trial.value}
            assert trial.value == trial.history.metrics["dev_accuracy"][-1]


def test_limits_change_the_search_only_where_a_proposal_breaks_them() -> None:
    free, wide, tight = (
        run(InMemoryStorage(), sampler="random", constraints=limit) for limit in ("{}", "{max_parameters: 1000}", LIMIT)
    )
    assert [t.params for t in free.trials] == [t.params for t in wide.trials]
    for one, other in zip(free.trials, tight.trials, strict=True):
        assert (one.params == other.params) == (counted(one.params)["parameters"] <= 60)


def test_one_objective_may_have_limits_too() -> None:
    record = run(InMemoryStorage(), objective="{metric: dev_accuracy}", constraints="{max_multiply_adds: 300}")
    assert record.objectives == ()
    assert all(trial.costs["multiply_adds"] <= 300 and not trial.objectives for trial in record.trials)
    assert record.best is not None
    assert record.front == ()


def test_what_no_objective_needs_is_counted_when_a_trial_ends() -> None:
    asked: list[Mapping[str, Scalar]] = []

    def costs(values: Mapping[str, Scalar]) -> Mapping[str, int]:
        asked.append(values)
        return counted(values)

    study = open_study(InMemoryStorage(), objective="{metric: dev_accuracy}", costs=costs, trials=6)
    coordinator = Coordinator(study, FakeExecutor(), FakeRecord())
    assert asked == []
    while coordinator.step():
        trials = study.record().trials  # of those under way it is not known what they cost
        assert len(study.predicted_ticks(trials)) == sum(trial.finished for trial in trials)
    assert all(trial.costs == counted(trial.values) for trial in study.record().trials)


def test_a_grid_has_every_cell_within_the_limits_once_and_ends_with_the_last() -> None:
    record = run(InMemoryStorage(), sampler="grid", trials=1000, constraints=LIMIT)
    # width 4, 19, 34, 49, 64 by depth 1, 2, 3 by four learning rates
    within = {(w, d) for w in (4, 19, 34, 49, 64) for d in (1, 2, 3) if w * d <= 60}
    assert {(t.params["width"], t.params["depth"]) for t in record.trials} == within
    assert len({tuple(t.params.values()) for t in record.trials}) == len(record.trials) == 4 * len(within)
    assert record.total == len(record.trials)


def test_where_no_more_proposals_keep_to_the_limits_the_search_ends(caplog: pytest.LogCaptureFixture) -> None:
    # A network's cost is a function of its values; here one that lets through only what trial 0 happens to have.
    first = counted(run(InMemoryStorage(), trials=1).trials[0].values)

    def costs(values: Mapping[str, Scalar]) -> Mapping[str, int]:
        return {"parameters": 1 if counted(values) == first and int(values["depth"] or 0) == -1 else 100}

    storage = InMemoryStorage()
    record = run(storage, costs=costs, constraints=LIMIT)
    assert (record.trials, record.total) == ((), 0)
    assert "none of 1000 proposals for trial 0 keeps to them" in caplog.text


@pytest.mark.parametrize("sampler", ["grid", "random", "tpe"])
def test_limits_that_nothing_keeps_to_are_bad_input(sampler: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ATTEMPTS", 200)
    file = open_study(InMemoryStorage(), sampler=sampler, constraints="{max_parameters: 3}").file
    with pytest.raises(
        InputError, match=r"^search\.constraints: no assignment keeps to the limits: .* is \d+ parameters"
    ):
        check_limits(file, counted)
    check_limits(open_study(InMemoryStorage(), sampler=sampler, constraints="{max_parameters: 12}").file, counted)


def test_a_diverged_trial_is_told_as_the_worst_in_all_and_is_not_on_the_front() -> None:
    record = run(InMemoryStorage(), FakeExecutor(diverges=0.001))
    diverged = [t for t in record.trials if t.failure]
    assert diverged
    assert all(t.objectives == {"parameters": math.inf, "dev_accuracy": 0.0} and t.value == 0.0 for t in diverged)
    assert {t.number for t in record.front}.isdisjoint(t.number for t in diverged)


def test_a_trial_whose_cost_cannot_be_counted_fails_and_the_study_goes_on() -> None:
    record = run(InMemoryStorage(), costs=lambda values: counted(values) if values["depth"] != 2 else {})
    for trial in record.trials:
        assert (trial.failure == "error") == (trial.params["depth"] == 2)
    assert {trial.state for trial in record.trials} == {"COMPLETE", "FAIL"}


def test_the_best_is_the_first_of_the_front_and_judged_by_what_the_file_names() -> None:
    record = run(InMemoryStorage(), trials=30)
    assert (record.metric, record.direction) == ("dev_accuracy", "maximize")
    assert record.best == record.front[0]
    assert record.best is not None
    assert record.best.value == max(t.value or 0.0 for t in record.trials if t.scored)
    values = [(t.objectives["parameters"], t.value) for t in record.front]
    assert values == sorted(values, reverse=True)


def test_pruning_target_and_patience_go_by_the_judge() -> None:
    objective = "[{metric: dev_loss}, {metric: dev_accuracy}]"

    class Backwards(FakeExecutor):
        """The loss is what the accuracy is: what is good by one is bad by the other."""

        def poll(self, until: float | None = None) -> list[Event]:
            return [
                replace(event, metrics={**event.metrics, "dev_loss": event.metrics["dev_accuracy"]})
                if isinstance(event, EpochEnded)
                else event
                for event in super().poll(until)
            ]

    pruned = []
    for judge in ("dev_loss", "dev_accuracy"):
        study = open_study(
            InMemoryStorage(),
            f"search.judge_by={judge}",
            objective=objective,
            sampler="random",
            pruner="asha",
            trials=30,
        )
        coordinator = Coordinator(study, Backwards(), FakeRecord())
        while coordinator.step():
            pass
        record = study.record()
        assert record.metric == judge
        last = {
            state: [t.history.metrics[judge][0] for t in record.trials if t.state == state]
            for state in ("COMPLETE", "PRUNED")
        }
        mean = {state: sum(values) / len(values) for state, values in last.items()}
        assert record.better(mean["COMPLETE"], mean["PRUNED"])
        pruned.append([t.number for t in record.trials if t.state == "PRUNED"])
    assert pruned[0] != pruned[1]


def test_the_record_gets_each_objective_as_a_metric() -> None:
    told: dict[int, Mapping[str, float]] = {}

    class Remembering(FakeRecord):
        def trial_ended(self, number: int, status: str, metrics: Any, tags: Any, at: float) -> None:
            told[number] = metrics

    for trial in run(InMemoryStorage(), FakeExecutor(diverges=0.03), pruner="asha").trials:
        mirror_end(Remembering(), trial)
        assert told[trial.number]["parameters"] == trial.costs["parameters"]
        assert told[trial.number]["multiply_adds"] == trial.costs["multiply_adds"]
        if trial.scored:
            assert told[trial.number]["dev_accuracy"] == told[trial.number]["value"] == trial.value
        assert all(map(math.isfinite, told[trial.number].values()))


def test_tpe_finds_a_better_front_than_random() -> None:
    """Volume between the front and (0 accuracy, 192 parameters), the mean over seeds."""

    def volume(sampler: str, seed: int) -> float:
        study = open_study(InMemoryStorage(), f"search.seed={seed}", sampler=sampler, trials=60)
        coordinator = Coordinator(study, FakeExecutor(), FakeRecord())
        while coordinator.step():
            pass
        total, left = 0.0, 192.0
        for trial in study.record().front:
            total += (left - min(left, trial.objectives["parameters"])) * (trial.value or 0.0)
            left = min(left, trial.objectives["parameters"])
        return total

    means = {s: sum(volume(s, seed) for seed in range(5)) / 5 for s in ("tpe", "random")}
    assert means["tpe"] > means["random"]
