"""The virtual clock: the order of all decisions is epochs trained, never seconds (law 3 of the design).

Each of the S slots holds a trial that takes one tick for each epoch. A trial that was asked for at tick s ends
its epoch e at the position (s + e, number). Events are dealt with in the order of positions; one that arrives
early waits its turn, so any number of workers, in any timing, gives the same search.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from hpsearch.events import EpochEnded, Event

Position = tuple[int, int]


@dataclass(slots=True)
class _Running:
    start: int
    epochs: int
    waiting: deque[Event] = field(default_factory=deque)


class VirtualClock:
    """Puts the events of the trials under way in virtual-time order."""

    def __init__(self) -> None:
        self._running: dict[int, _Running] = {}
        self._expected: list[Position] = []

    @property
    def running(self) -> list[int]:
        """The numbers of the trials under way, ascending."""
        return sorted(self._running)

    def begin(self, number: int, tick: int, epochs: int) -> None:
        """A trial of so many epochs enters a slot at a tick."""
        self._running[number] = _Running(tick, epochs)
        heapq.heappush(self._expected, (tick + 1, number))

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
                heapq.heapreplace(self._expected, (running.start + event.epoch + 1, event.number))
            yield position, event
