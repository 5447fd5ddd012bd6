"""Which trials train next, and where."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hpsearch.events import Assignment, EpochEnded, Event, Failure, TrialEnded, TrialFailed
from hpsearch.execution.progress import Progress
from hpsearch.execution.schedule import Fault, Schedule

EPOCHS = 6


def assignment(number: int, width: int = 8) -> Assignment:
    return Assignment(number, {"width": width, "epochs": EPOCHS}, seed=number)


def ended(number: int, epoch: int, seconds: float = 1.0) -> EpochEnded:
    return EpochEnded(number, epoch, {"dev_accuracy": 0.5}, 0.0, seconds)


def filled(*widths: int, stack: int = 4, places: int = 1, **settings: Any) -> Schedule:
    schedule = Schedule(stack, places, **settings)
    for number, width in enumerate(widths):
        schedule.submit(assignment(number, width), tick=0, until=EPOCHS)
    return schedule


def numbers(group: list[Progress]) -> list[int]:
    return [trial.number for trial in group]


def take(group: list[Progress], place: int) -> list[Progress]:
    for trial in group:
        trial.place, trial.taken = place, trial.taken + 1
    return group


def train(schedule: Schedule, group: list[Progress]) -> list[Event]:
    for trial in group:
        trial.taken = max(0, trial.taken - 1)
    return schedule.hear([ended(trial.number, trial.epoch + 1) for trial in group])


@given(
    widths=st.lists(st.sampled_from([8, 16, 32]), min_size=1, max_size=20),
    stack=st.integers(1, 8),
    places=st.integers(1, 4),
    ahead=st.integers(1, 2),
    choices=st.lists(st.integers(0, 3), max_size=200),
)
def test_everything_is_trained_once_and_never_too_many_together(
    widths: list[int], stack: int, places: int, ahead: int, choices: list[int]
) -> None:
    schedule = filled(*widths, stack=stack, places=places)
    trained: dict[int, int] = dict.fromkeys(schedule.trials, 0)
    told: dict[int, list[list[Progress]]] = {place: [] for place in range(places)}
    order = iter(choices)

    def end_first(place: int) -> None:
        for trial in (group := told[place].pop(0)):
            trained[trial.number] += 1
        train(schedule, group)

    while True:
        place = next(order, 0) % places
        if len(told[place]) == ahead:
            end_first(place)
        elif group := schedule.group(place, told[place]):
            assert len({trial.signature for trial in group}) == 1
            assert len(group) <= stack
            queued = {trial.number for groups in told[place] for trial in groups}
            for trial in group:
                assert trial.place in (None, place)
                assert trial.next < trial.until
                assert not trial.taken or trial.number in queued
            told[place].append(take(group, place))
        elif not told[place] and (moved := schedule.elsewhere(place)):
            holders = {trial.place for trial in moved}
            assert len(holders) == 1
            assert place not in holders
            for trial in moved:
                assert not trial.taken
                trial.place = None
        elif not any(told.values()):
            break
        else:
            end_first(next(place for place, groups in told.items() if groups))
    assert set(trained.values()) == {EPOCHS}
    events = schedule.tell()
    assert sum(isinstance(event, TrialEnded) for event in events) == len(widths)
    assert len(events) == len(widths) * (EPOCHS + 1)


def test_a_stack_goes_on_with_what_is_new_of_its_kind() -> None:
    schedule = filled(8, 8, 8)
    first = take(schedule.group(0), 0)
    schedule.submit(assignment(3), tick=2, until=EPOCHS)
    assert numbers(schedule.group(0, [first])) == [0, 1, 2, 3]
    second = take(schedule.group(0, [first]), 0)
    assert [trial.next for trial in second] == [2, 2, 2, 1]


def test_who_is_furthest_behind_is_told_by_what_epochs_take_in_virtual_time() -> None:
    schedule = Schedule(4)
    schedule.submit(assignment(0, width=8), tick=0, until=EPOCHS, ticks=1)
    schedule.submit(assignment(1, width=16), tick=0, until=EPOCHS, ticks=5)
    order = []
    for _ in range(EPOCHS):
        group = take(schedule.group(0), 0)
        order += numbers(group)
        train(schedule, group)
    assert order == [0, 1, *[0] * (EPOCHS - 2)]


def test_nobody_goes_on_beyond_what_is_decided_or_while_its_kind_is_measured() -> None:
    schedule = Schedule(4, measured=True)
    for number in range(2):
        schedule.submit(assignment(number), tick=0, until=1)
    first = take(schedule.group(0), 0)
    assert schedule.group(0, [first]) == []
    for trial in first:
        trial.until = EPOCHS
    schedule.submit(assignment(2), tick=0, until=EPOCHS)
    assert schedule.group(0, [first]) == []
    schedule.chosen[first[0].signature] = (4, 2.0)
    assert numbers(schedule.group(0, [first])) == [0, 1, 2]


def test_a_kind_that_is_all_there_is_is_shared_out_evenly() -> None:
    schedule = Schedule(16, 2)
    groups: list[list[Progress]] = [[], []]
    for number in range(10):
        schedule.submit(assignment(number), tick=0, until=100)
        for place, under_way in enumerate(groups):
            groups[place] = take(schedule.group(place, [under_way]), place)
            train(schedule, under_way)
    assert [len(group) for group in groups] == [5, 5]


def test_the_trial_furthest_behind_goes_first_with_all_of_its_kind() -> None:
    schedule = filled(8, 16, 8, 16)
    train(schedule, take(schedule.group(0), 0))
    assert numbers(schedule.group(0)) == [1, 3]


def test_a_worker_leaves_some_to_the_others() -> None:
    schedule = filled(8, 8, 8, 8, stack=16, places=2)
    first = take(schedule.group(0), 0)
    assert numbers(first) == [0, 1]
    assert numbers(schedule.group(1)) == [2, 3]


def test_trials_stay_with_the_worker_that_holds_them_unless_another_has_nothing() -> None:
    schedule = filled(8, 16, 32, 64, places=2)
    for _ in range(2):
        train(schedule, take(schedule.group(0), 0))
    for _ in range(2):
        train(schedule, take(schedule.group(1), 1))
    assert [trial.place for trial in schedule.trials.values()] == [0, 0, 1, 1]
    assert numbers(schedule.group(0)) == [0]
    assert numbers(schedule.group(1)) == [2]
    for number in (2, 3):
        schedule.trials[number].until = 1
    assert schedule.group(1) == []
    assert len(schedule.elsewhere(1)) == 1
    schedule.trials[0].taken = 1
    assert numbers(schedule.elsewhere(1)) == [1]


def test_what_was_measured_limits_a_stack_and_only_company_is_measured() -> None:
    schedule = filled(8, 8, 8, 16, stack=16, measured=True)
    group = schedule.group(0)
    assert schedule.unmeasured(group)
    schedule.chosen[group[0].signature] = (2, 1.5)
    assert not schedule.unmeasured(group)
    assert len(schedule.group(0)) <= 2
    assert not schedule.unmeasured([schedule.trials[3]])
    assert not filled(8, 8).unmeasured(group)


def test_want_of_memory_halves_a_stack_and_an_error_takes_it_apart() -> None:
    schedule = filled(8, 8, 8, 8)
    assert schedule.failed(take(schedule.group(0), 0), Fault(Failure.OUT_OF_MEMORY, "no memory")) == []
    assert len(schedule.group(0)) == 2
    assert schedule.failed(take(schedule.group(0), 0), Fault(Failure.ERROR, "an error")) == []
    assert [trial.limit for trial in schedule.trials.values()] == [1, 1, 2, 2]
    alone = [trial for trial in schedule.trials.values() if trial.limit == 1][:1]
    (event,) = schedule.failed(alone, Fault(Failure.OUT_OF_MEMORY, "no memory"))
    assert isinstance(event, TrialFailed)
    assert (event.number, event.failure, event.epoch) == (0, Failure.OUT_OF_MEMORY, 0)


def test_epochs_that_are_trained_again_are_not_told_again() -> None:
    schedule = filled(8)
    trial = schedule.trials[0]
    for _ in range(3):
        train(schedule, [trial])
    assert [event.epoch for event in schedule.tell()] == [1, 2, 3]
    trial.lost()
    train(schedule, [trial])
    assert schedule.tell() == []
    trial.lost()
    trial.began(0, [ended(0, epoch) for epoch in (1, 2, 3, 4)])
    assert [event.epoch for event in schedule.tell()] == [4]


def test_a_trial_that_has_trained_for_too_long_fails_unless_it_is_done() -> None:
    schedule = filled(8, 8)
    for trial in schedule.trials.values():
        train(schedule, [trial])
    schedule.trials[1].epoch = EPOCHS
    late = schedule.overdue(list(schedule.trials.values()), 0.5)
    assert [type(event) for event in late] == [EpochEnded, TrialFailed]
    assert late[-1] == TrialFailed(0, 1, Failure.TIMEOUT, "trained for 1.0 s, longer than 0.5 s")
    assert list(schedule.trials) == [1]
    assert schedule.overdue(list(schedule.trials.values()), None) == []
