"""Who trained a trial, from event to record: changes only, and nothing where it was trained nowhere."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from optuna.storages import InMemoryStorage

from hpsearch.events import EpochEnded, Event, History, Placement, from_json, to_json
from hpsearch.search.placement import Stay, stays
from hpsearch.search.study import SearchStudy
from tests.fakes import FakeExecutor, FakeRecord
from tests.test_run import open_study, outcome, run


def heard(*placed: tuple[int, int]) -> History:
    """A history of one epoch for each (worker, stack)."""
    history = History()
    for epoch, (worker, stack) in enumerate(placed, 1):
        history.add(EpochEnded(0, epoch, {"dev_accuracy": 0.5}, float(epoch), 0.1, worker=worker, stack=stack))
    return history


def test_a_history_keeps_the_changes_alone() -> None:
    assert heard((0, 4), (0, 4), (0, 3), (1, 3), (1, 3)).trained_by == [(1, 0, 4), (3, 0, 3), (4, 1, 3)]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 3)), max_size=30))
def test_stays_have_every_epoch_with_its_worker_and_stack_and_no_worker_twice_in_a_row(
    placed: list[tuple[int, int]],
) -> None:
    found = stays(heard(*placed))
    assert [(stay.worker, stack) for stay in found for stack in stay.stacks] == placed
    assert [stay.first for stay in found] == [1 + sum(len(s.stacks) for s in found[:n]) for n in range(len(found))]
    assert all(one.worker != other.worker for one, other in pairwise(found))


def test_a_stay_says_epochs_and_company() -> None:
    first, second, third = stays(heard((0, 4), (0, 2), (1, 1), (0, 3), (0, 3)))
    assert first.sentence() == "worker 0, epochs 1 to 2, 2 to 4 trials together"
    assert second.sentence() == "worker 1, epoch 3, alone"
    assert third.sentence() == "worker 0, epochs 4 to 5, 3 trials together"


def test_an_event_and_a_history_of_an_older_version_say_nothing() -> None:
    event = EpochEnded(3, 1, {"dev_accuracy": 0.5}, 1.0, 0.1, worker=2, stack=5)
    assert from_json(to_json(event)) == event
    old = {key: value for key, value in to_json(event).items() if key not in ("worker", "stack")}
    found = from_json(old)
    assert isinstance(found, EpochEnded)
    assert (found.worker, found.stack) == (0, 1)
    assert stays(History({"dev_accuracy": [0.5]}, [1.0])) == ()


def ended(storage: InMemoryStorage) -> SearchStudy:
    study = open_study(storage, trials=1)
    study.ask(0)
    study.tell(0, [0.5], heard((0, 4), (0, 4), (1, 2)), 3)
    return study


def test_a_study_keeps_who_trained_a_trial_as_plain_lists() -> None:
    study = ended(InMemoryStorage())
    assert study.trials[0].user_attrs["result"]["trained_by"] == [[1, 0, 4], [3, 1, 2]]
    assert study.trial(0).history.trained_by == [Placement(1, 0, 4), Placement(3, 1, 2)]
    assert stays(study.trial(0).history) == (Stay(0, 1, (4, 4)), Stay(1, 3, (2,)))


def test_a_trial_of_an_older_version_was_trained_by_nobody_that_is_known() -> None:
    storage = InMemoryStorage()
    study = ended(storage)
    del storage.get_all_trials(0, deepcopy=False)[0].user_attrs["result"]["trained_by"]
    assert study.record().trials[0].history.trained_by == []


class Elsewhere(FakeExecutor):
    """Says of every epoch that worker 7 trained it, among three trials."""

    def poll(self, until: float | None = None) -> list[Event]:
        told = super().poll(until)
        return [replace(event, worker=7, stack=3) if isinstance(event, EpochEnded) else event for event in told]


def test_who_trained_is_recorded_and_changes_nothing_else() -> None:
    here, there = (run(InMemoryStorage(), executor, FakeRecord()) for executor in (FakeExecutor(), Elsewhere()))
    assert {tuple(trial.history.trained_by) for trial in here.trials} == {((1, 0, 1),)}
    assert {tuple(trial.history.trained_by) for trial in there.trials} == {((1, 7, 3),)}
    assert outcome(here) == outcome(there)
