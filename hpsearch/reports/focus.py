"""Where to look: a value axis that a few very bad trials cannot flatten, and some trials out of many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from hpsearch.declarations import Direction

Item = TypeVar("Item")
WIDER = 3.0  # cut the axis only where all values need this many times the room of the best three quarters


@dataclass(frozen=True, slots=True)
class Window:
    """The part of an axis from `low` to `high`; `outside` values lie on its bad side."""

    low: float
    high: float
    outside: int


def focus(values: Sequence[float], direction: Direction, faint: Sequence[float] = ()) -> Window | None:
    """The window that shows the best three quarters of the values; None where all of them fit well.

    `faint` values, of pruned trials say, are drawn too, but do not decide what the window shows.
    """
    if len(values) < 4:
        return None
    everything = [*values, *faint]
    sign = 1.0 if direction == "maximize" else -1.0
    ordered = sorted((sign * value for value in values), reverse=True)
    best, quarter = ordered[0], ordered[(3 * len(ordered) - 1) // 4]
    worst, top = min(sign * value for value in everything), max(sign * value for value in everything)
    room = best - quarter
    if room == 0 or top - worst <= WIDER * room:
        return None
    bottom, top = quarter - 0.2 * room, top + 0.1 * room
    outside = sum(sign * value < bottom for value in everything)
    return Window(min(sign * bottom, sign * top), max(sign * bottom, sign * top), outside)


def value_range(values: Sequence[float], window: Window | None) -> list[float]:
    """The ends of an axis: the window, or all values (at least one) with a little room around them."""
    if window:
        return [window.low, window.high]
    low, high = min(values), max(values)
    pad = 0.06 * (high - low) or 0.05 * abs(high) or 1.0
    return [low - pad, high + pad]


def evenly(items: Sequence[Item], most: int) -> list[Item]:
    """At most `most` of them, spread evenly."""
    if len(items) <= most:
        return list(items)
    return [items[index * len(items) // most] for index in range(most)]
