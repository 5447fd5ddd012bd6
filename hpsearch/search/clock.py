"""The virtual clock: the order of all decisions is epochs trained, never seconds (law 3 of the design).

Each of the S slots holds a trial that takes w ticks for each epoch: one, or as many as an epoch of such a network is
predicted to cost. A trial that was asked for at tick s ends its epoch e at the position (s + we, number). Events are
dealt with in the order of positions; one that arrives early waits its turn, so any number of workers, in any timing,
gives the same search.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from hpsearch.events import EpochEnded, Event, TrialFailed

Position = tuple[int, int]


@dataclass(slots=True)
class _Running:
    start: int
    epochs: int
    ticks: int
    waiting: deque[Event] = field(default_factory=deque)

    def place(self, epoch: int) -> int:
        """The tick at which an epoch ends."""
        return self.start + epoch * self.ticks


class VirtualClock:
    """Puts the events of the trials under way in virtual-time order."""

    def __init__(self, resumed: Position = (0, -1)) -> None:
        """`resumed` is the place at which a study is taken up: up to there all is decided."""
        self._resumed = resumed
        self._running: dict[int, _Running] = {}
        self._expected: list[Position] = []

    @property
    def running(self) -> list[int]:
        """The numbers of the trials under way, ascending."""
        return sorted(self._running)

    def begin(self, number: int, tick: int, epochs: int, reported: int = 0, ticks: int = 1) -> None:
        """A trial of so many epochs, each of so many `ticks`, enters a slot at a tick.

        `reported` is its last epoch that the storage knows of.
        """
        self._running[number] = _Running(tick, epochs, ticks)
        heapq.heappush(self._expected, (tick + ticks, number))

    def end(self, number: int) -> None:
        """A trial leaves its slot; what it still says is not heard."""
        del self._running[number]

    def arrived(self, event: Event) -> None:
        """Take an event whenever it comes; a trial's own events come in order."""
        if event.number in self._running:
            self._running[event.number].waiting.append(event)

    def due(self) -> Iterator[tuple[Position, Event]]:
        """The events whose turn has come, one by one, until the next in order has not arrived yet.

        A failure stands where the epoch it spoilt would have, the end of a trial with its last epoch. The
        caller may begin and end trials between two events.
        """
        while self._expected:
            position = self._expected[0]
            running = self._running.get(position[1])
            if running is None:
                heapq.heappop(self._expected)
                continue
            if not running.waiting:
                return
            event = running.waiting.popleft()
            if isinstance(event, EpochEnded) and event.epoch < running.epochs:
                heapq.heapreplace(self._expected, (running.place(event.epoch + 1), event.number))
            yield position, event

    def decided(self, place: Position, event: EpochEnded) -> bool:
        """Whether this run took the study up behind this decision, after which the trial went on."""
        return place < self._resumed


class ArrivalOrder:
    """In place of the clock where events count as they arrive: nothing waits, and no search can be run again the same.

    Places are those of the virtual clock, so that its words (a slot's tick, how far behind a trial is) keep their
    meaning; but they do not ascend.
    """

    def __init__(self, resumed: Position = (0, -1)) -> None:
        self._running: dict[int, tuple[int, int, int]] = {}
        self._arrived: deque[Event] = deque()

    def begin(self, number: int, tick: int, epochs: int, reported: int = 0, ticks: int = 1) -> None:
        """A trial enters a slot at a tick. `reported` is its last epoch that the storage knows of."""
        self._running[number] = tick, ticks, reported

    def end(self, number: int) -> None:
        """A trial leaves its slot; what it still says is not heard."""
        del self._running[number]

    def arrived(self, event: Event) -> None:
        """Take an event; a trial's own events come in order."""
        self._arrived.append(event)

    def due(self) -> Iterator[tuple[Position, Event]]:
        """All events, in the order in which they came. The caller may begin and end trials between two of them."""
        while self._arrived:
            event = self._arrived.popleft()
            if event.number in self._running:
                epoch = event.epoch + isinstance(event, TrialFailed)
                start, ticks, _ = self._running[event.number]
                yield (start + epoch * ticks, event.number), event

    def decided(self, place: Position, event: EpochEnded) -> bool:
        """Whether an earlier run let the trial go on after this epoch: a later one was reported."""
        return event.epoch < self._running[event.number][2]


ORDERS: dict[str, type[VirtualClock] | type[ArrivalOrder]] = {"exact": VirtualClock, "arrival": ArrivalOrder}
