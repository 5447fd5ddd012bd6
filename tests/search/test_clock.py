"""The virtual clock gives events in one order, however they arrive."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hpsearch.events import EpochEnded, Event, Failure, TrialEnded, TrialFailed
from hpsearch.search.clock import ArrivalOrder, VirtualClock


def epoch(number: int, n: int) -> EpochEnded:
    return EpochEnded(number, n, {}, 0.0, 0.0)


def events_of(number: int, epochs: int, fails_after: int | None) -> list[Event]:
    if fails_after is not None and fails_after < epochs:
        told: list[Event] = [epoch(number, n) for n in range(1, fails_after + 1)]
        return [*told, TrialFailed(number, fails_after, Failure.ERROR, "x")]
    return [*(epoch(number, n) for n in range(1, epochs + 1)), TrialEnded(number, epochs)]


trial = st.tuples(st.integers(0, 6), st.integers(1, 6), st.one_of(st.none(), st.integers(0, 5)), st.integers(1, 4))


@given(trials=st.lists(trial, min_size=1, max_size=6), data=st.data())
def test_events_come_in_virtual_time_order_whatever_arrives_first(
    trials: list[tuple[int, int, int | None, int]], data: st.DataObject
) -> None:
    clock, queues = VirtualClock(), {}
    for number, (start, epochs, fails, ticks) in enumerate(trials):
        clock.begin(number, start, epochs, ticks=ticks)
        queues[number] = events_of(number, epochs, fails)
    everything = [event for queue in queues.values() for event in queue]
    given_out: list[tuple[tuple[int, int], Event]] = []
    while any(queues.values()):
        number = data.draw(st.sampled_from([n for n, queue in queues.items() if queue]))
        clock.arrived(queues[number].pop(0))
        for place, event in clock.due():
            given_out.append((place, event))
            if not isinstance(event, EpochEnded):
                clock.end(event.number)
    assert [place for place, _ in given_out] == sorted(place for place, _ in given_out)
    assert len(given_out) == len(everything)
    for place, event in given_out:
        start, _, _, ticks = trials[event.number]
        assert place == (start + ticks * (event.epoch + isinstance(event, TrialFailed)), event.number)
    assert clock.running == []


def test_an_event_waits_for_those_before_it() -> None:
    clock = VirtualClock()
    clock.begin(0, 0, 2)
    clock.begin(1, 0, 2)
    clock.arrived(epoch(1, 1))
    assert list(clock.due()) == []
    clock.arrived(epoch(0, 1))
    assert [place for place, _ in clock.due()] == [(1, 0), (1, 1)]


def test_a_trial_that_left_its_slot_is_not_heard() -> None:
    clock = VirtualClock()
    clock.begin(0, 0, 5)
    clock.begin(1, 0, 5)
    clock.end(0)
    clock.arrived(epoch(0, 1))
    clock.arrived(epoch(1, 1))
    assert [event.number for _, event in clock.due()] == [1]


def test_a_trial_begun_while_events_are_dealt_with_takes_its_turn() -> None:
    clock = VirtualClock()
    clock.begin(0, 0, 1)
    clock.arrived(epoch(0, 1))
    clock.arrived(TrialEnded(0, 1))
    seen = []
    for place, event in clock.due():
        seen.append(place)
        if isinstance(event, TrialEnded):
            clock.end(0)
            clock.begin(1, place[0], 1)
            clock.arrived(epoch(1, 1))
    assert seen == [(1, 0), (1, 0), (2, 1)]


def test_in_the_order_of_arrival_nothing_waits_and_places_are_those_of_the_clock() -> None:
    order = ArrivalOrder()
    order.begin(0, 0, 5)
    order.begin(1, 3, 2, reported=2)
    for event in (epoch(1, 1), epoch(1, 2), TrialEnded(1, 2), epoch(0, 1), TrialFailed(0, 1, Failure.ERROR, "x")):
        order.arrived(event)
    seen = []
    for place, event in order.due():
        seen.append((place, order.decided(place, event) if isinstance(event, EpochEnded) else None))
        if not isinstance(event, EpochEnded):
            order.end(event.number)
    assert seen == [((4, 1), True), ((5, 1), False), ((5, 1), None), ((1, 0), False), ((2, 0), None)]
    order.arrived(epoch(0, 3))
    assert list(order.due()) == []
    order.begin(2, 10, 4, ticks=3)
    order.arrived(epoch(2, 2))
    assert [place for place, _ in order.due()] == [(16, 2)]
