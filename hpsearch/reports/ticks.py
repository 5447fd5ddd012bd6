"""Round numbers for the ticks of an axis, where plotly's own choice does not serve."""

from __future__ import annotations

import math


def round_step(room: float, most: int) -> float:
    """The smallest of 1, 2, 2.5, 5, 10, … times a power of ten of which at most `most` fit into `room`."""
    power = 10.0 ** math.floor(math.log10(room / most))
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power * most >= room * (1 - 1e-9))


def between(low: float, high: float, most: int) -> list[float]:
    """Round numbers inside low…high, none in the eighth of it nearest to either end."""
    room = high - low
    if room <= 0:
        return []
    step = round_step(room, most)
    first, last = math.ceil((low + room / 8) / step), math.floor((high - room / 8) / step)
    return [place * step for place in range(first, last + 1)]


def whole(last: int, most: int) -> list[int]:
    """Whole numbers up to `last`, from 1 or a multiple of the step on."""
    step = max(1, math.ceil(round_step(last, most)))
    return [1] * (step > 1) + list(range(step, last + 1, step))
