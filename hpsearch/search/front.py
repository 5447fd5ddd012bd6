"""The trials that no other one beats in every objective: the Pareto front, and the band just behind it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from hpsearch.declarations import Direction

Losses = tuple[float, ...]


def losses(values: Sequence[float], directions: Sequence[Direction | str]) -> Losses:
    """Values so that less is better in each; one that is not a number is the worst."""
    signed = (-value if way == "maximize" else value for value, way in zip(values, directions, strict=True))
    return tuple(math.inf if math.isnan(value) else value for value in signed)


def dominates(one: Losses, other: Losses) -> bool:
    """Whether `one` is no worse in any objective and better in at least one."""
    return one != other and all(a <= b for a, b in zip(one, other, strict=True))


def front(losses_by_number: Mapping[int, Losses]) -> tuple[int, ...]:
    """The numbers of those that nobody dominates, ascending; equal ones are in it together."""
    found: list[tuple[Losses, int]] = []
    # In lexical order whoever dominates comes first, and one that is dominated is dominated by one of the front.
    for number, own in sorted(losses_by_number.items(), key=lambda item: (item[1], item[0])):
        # Of two objectives, the last one found has the least of the second.
        if not any(dominates(other, own) for other, _ in (found[-1:] if len(own) == 2 else found)):
            found.append((own, number))
    return tuple(sorted(number for _, number in found))


class Skyband:
    """Those that fewer than k others dominate: the k-skyband of Papadias et al., TODS 2005.

    The front and all that can come among the best k by ranks of domination. Each trial is compared with the band only,
    whatever has fallen out of it, and what comes of it does not depend on the order in which they are added.
    """

    def __init__(self, k: int) -> None:
        self._k = k
        self._band: dict[int, tuple[Losses, int]] = {}  # number → losses, how many dominate it

    def add(self, number: int, own: Losses) -> None:
        """Take in one more."""
        better = sum(dominates(other, own) for other, _ in self._band.values())
        if better >= self._k:  # what it dominates is dominated by the same ones, and is out already
            return
        behind = [(n, other, count + 1) for n, (other, count) in self._band.items() if dominates(own, other)]
        for n, other, count in behind:
            if count < self._k:
                self._band[n] = other, count
            else:
                del self._band[n]
        self._band[number] = own, better

    @property
    def beaten_by(self) -> Mapping[int, int]:
        """Number → by how many it is dominated, from 0 on the front to k - 1."""
        return {number: count for number, (_, count) in self._band.items()}
