"""What a study takes over from another one: the values of its best trials, or results that hold here too."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from optuna.storages import BaseStorage, InMemoryStorage

from hpsearch.errors import InputError
from hpsearch.run import Coordinator
from hpsearch.search.records import StudyRecord
from hpsearch.search.study import SearchStudy
from hpsearch.search.warm_start import resolve
from hpsearch.space.assignments import key
from hpsearch.space.load import parse_study
from hpsearch.space.study_file import StudyFile
from tests.fakes import FakeExecutor, FakeRecord
from tests.test_run import study_text


def file(*overrides: str, **settings: Any) -> StudyFile:
    return parse_study(study_text(**{"epochs": 6} | settings), file="fake.yaml", overrides=overrides)


def run(
    storage: BaseStorage, study_file: StudyFile, data: str = "same", executor: FakeExecutor | None = None
) -> StudyRecord:
    study = SearchStudy(storage, resolve(study_file, storage, data), "", data)
    coordinator = Coordinator(study, executor or FakeExecutor(diverges=0.05), FakeRecord())
    while coordinator.step():
        pass
    return study.record()


def test_a_warm_start_tries_the_best_values_again_with_seeds_of_its_own() -> None:
    storage = InMemoryStorage()
    old = run(storage, file())
    new = run(storage, file("name=new", "search.warm_start={study: fake, top: 3}", trials=8))
    scored = sorted((trial for trial in old.trials if trial.scored), key=lambda trial: -(trial.value or 0))
    assert [dict(trial.params) for trial in new.trials[:3]] == [dict(trial.params) for trial in scored[:3]]
    assert all(trial.trained for trial in new.trials)
    assert not {trial.seed for trial in new.trials[3:]} & {trial.seed for trial in scored[:3]}


def test_values_that_do_not_fit_are_left_out_and_proposed() -> None:
    storage = InMemoryStorage()
    run(storage, file())
    narrow = "hyperparameters.learning_rate={low: 0.2, high: 0.3}"
    new = run(storage, file("name=new", "search.warm_start=fake", narrow, trials=6))
    assert all(0.2 <= float(trial.params["learning_rate"] or 0) <= 0.3 for trial in new.trials)


def test_a_study_goes_on_with_the_rows_that_it_began_with() -> None:
    storage = InMemoryStorage()
    run(storage, file(trials=6, sampler="random"))
    warm = ("name=new", "search.warm_start=fake")
    first = run(storage, file(*warm, trials=2))
    run(storage, file(trials=40, sampler="random"))
    again = run(storage, file(*warm, trials=5))
    assert [dict(trial.params) for trial in again.trials[:2]] == [dict(trial.params) for trial in first.trials]
    other = InMemoryStorage()
    run(other, file(trials=6, sampler="random"))
    assert [dict(t.params) for t in run(other, file(*warm, trials=5)).trials] == [dict(t.params) for t in again.trials]


def test_results_that_hold_are_taken_over_and_known_to_sampler_and_pruner() -> None:
    storage = InMemoryStorage()
    old = run(storage, file())
    fork = file("name=new", "search.warm_start={study: fake, results: true}", "search.seed=9", trials=40)
    executor = FakeExecutor(diverges=0.05)
    study = SearchStudy(storage, resolve(fork, storage, "same"), "", "same")
    coordinator = Coordinator(study, executor, FakeRecord())
    while coordinator.step():
        pass
    new = study.record()
    ended = [trial for trial in old.trials if trial.state == "COMPLETE"]
    assert any(trial.failure for trial in ended)
    assert len(new.trials) == 40
    for trial, before in zip(new.trials, ended, strict=False):
        assert trial.known == f"fake/{before.number}"
        assert (trial.value, trial.seed, dict(trial.values)) == (before.value, before.seed, dict(before.values))
        assert repr(trial.history) == repr(replace(before.history, trained_by=[])), "it was trained nowhere"
        assert trial.number not in executor.submitted
        assert trial.seconds == 0
    assert {report.number for report in study._past.reports} > set(range(len(ended)))
    assert {trial.number for trial in study._past.ended} >= set(range(len(ended)))
    assert len({key(trial.values) for trial in new.trials if trial.repeats is None}) == sum(
        trial.repeats is None for trial in new.trials
    )


@pytest.mark.parametrize(
    ("change", "data"),
    [
        ("objective.metric=dev_loss", "same"),
        ("training.precision=float64", "same"),
        ("hyperparameters.epochs=7", "same"),
        ("search.seed=4", "other"),
    ],
)
def test_results_that_do_not_hold_are_no_results(change: str, data: str) -> None:
    storage = InMemoryStorage()
    run(storage, file())
    fork = file("name=new", "search.warm_start={study: fake, results: true}", change)
    assert fork.search.warm_start is not None
    resolved = resolve(fork, storage, data).search.warm_start
    assert resolved is not None
    assert resolved.rows is not None
    assert [row.known for row in resolved.rows] == [False] * 5


def test_a_fork_goes_on_without_the_old_study() -> None:
    partly, fork = (
        file("name=new", "search.warm_start={study: fake, results: true}", trials=trials) for trials in (20, 30)
    )
    kept, alone = InMemoryStorage(), InMemoryStorage()
    for storage in (kept, alone):
        run(storage, file())
        run(storage, partly)
    alone.delete_study(alone.get_study_id_from_name("fake"))
    expected = run(kept, fork).trials
    assert [(t.params, t.value, t.known) for t in run(alone, fork).trials] == [
        (t.params, t.value, t.known) for t in expected
    ]


def test_a_study_that_is_not_there_or_of_which_nothing_fits_is_bad_input() -> None:
    storage = InMemoryStorage()
    run(storage, file())
    with pytest.raises(InputError, match="there is no study 'fak'; did you mean 'fake'"):
        resolve(file("name=new", "search.warm_start=fak"), storage)
    with pytest.raises(InputError, match="is this study itself"):
        resolve(file("name=late", "search.warm_start=late"), storage)
    other = "hyperparameters={width: [8, 16], learning_rate: 0.1}"
    with pytest.raises(InputError, match="no complete trial of study 'fake' has a value that fits"):
        resolve(file("name=new", "search.warm_start=fake", other), storage)
