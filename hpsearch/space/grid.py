"""The cells of a grid: every distinct assignment of the searched values, each exactly once.

Which values a hyperparameter takes in a grid:

- a list: its options, as written;
- an int range: every value, by `step` where given; with `points`, that many values, spread evenly
  (geometrically with `log`) and rounded; values that round to the same int are given once;
- a float range: every `step` where given, otherwise `points` values (5 unless said), spread evenly
  (geometrically with `log`), both ends included, rounded to 12 significant digits.

The order is that of nested loops: the first hyperparameter of the space changes slowest.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType

from hpsearch.errors import InputError
from hpsearch.events import Scalar
from hpsearch.space.assignments import key, whole
from hpsearch.space.hyperparameters import Choice, Fixed, Range, Space

DEFAULT_POINTS = 5
MOST_STEPS = 1_000_000


NOTHING: Mapping[str, Scalar] = MappingProxyType({})


def cells(space: Space, given: Mapping[str, Scalar] = NOTHING) -> Iterator[dict[str, Scalar]]:
    """Each cell: the values of its active searched hyperparameters. Lazy; the space's order; no repeats.

    Where a value is given, the hyperparameter has no other, be it one of the grid's or not.
    """
    choices = {name: (given[name],) if name in given else values(space, name) for name in space.searched}
    names = tuple(choices)

    def below(depth: int, cell: dict[str, Scalar]) -> Iterator[dict[str, Scalar]]:
        if depth == len(names):
            yield cell
        elif space.active(names[depth], cell):
            for value in choices[names[depth]]:
                yield from below(depth + 1, {**cell, names[depth]: value})
        else:
            yield from below(depth + 1, cell)

    return below(0, {})


def free_cell(
    of: Iterable[dict[str, Scalar]], taken: Container[frozenset[tuple[str, Scalar]]]
) -> tuple[dict[str, Scalar] | None, bool]:
    """The first of these cells whose `key` is not taken, and True; the first of all where none is free."""
    first = None
    for cell in of:
        if key(cell) not in taken:
            return cell, True
        first = first or cell
    return first, False


def beside(space: Space, queue: Sequence[Mapping[str, Scalar]]) -> int:
    """How many of a queue of given values make no cell of the grid's own, or one that an earlier one made."""
    taken: set[frozenset[tuple[str, Scalar]]] = set()
    found = 0
    for given in queue:
        cell, free = free_cell(cells(space, given), taken)
        assert cell is not None
        taken.add(key(cell))
        found += not (free and is_cell(space, cell))
    return found


def is_cell(space: Space, values_of_it: Mapping[str, Scalar]) -> bool:
    """Whether an assignment's searched values are a cell of the grid's own."""
    found = whole(space, values_of_it)
    return found == values_of_it and all(value in values(space, name) for name, value in found.items())


def size(space: Space) -> float:
    """How many assignments the space has: a whole number, or infinity where a range of floats is not stepped."""
    choices: dict[str, Sequence[Scalar] | None] = {}
    for name in space.searched:
        form = space.hyperparameters[name]
        if not isinstance(form, Range):
            choices[name] = values(space, name)
        elif form.integer:
            choices[name] = form.integers
        elif form.low == form.high:
            choices[name] = (form.low,)
        else:
            steps = None if form.step is None else (form.high - form.low) / form.step
            choices[name] = None if steps is None or steps >= MOST_STEPS else values(space, name)
    return _count(space, choices)


def count(space: Space) -> int:
    """How many cells there are, without going through them."""
    return int(_count(space, {name: values(space, name) for name in space.searched}))


def _count(space: Space, choices: Mapping[str, Sequence[Scalar] | None]) -> float:
    """How many assignments are made of these choices (None: endlessly many).

    Only the values that some `when` names are told apart; all others of a hyperparameter count at once.
    """
    names = tuple(choices)
    asked_for: dict[str, set[Scalar]] = {name: set() for name in space.hyperparameters}
    for form in space.hyperparameters.values():
        for parent, wanted in form.when:
            asked_for[parent].update(wanted)

    def below(depth: int, cell: dict[str, Scalar]) -> float:
        if depth == len(names):
            return 1
        name = names[depth]
        if not space.active(name, cell):
            return below(depth + 1, cell)
        possible = choices[name]
        if possible is None:
            return math.inf
        told_apart = [value for value in asked_for[name] if value in possible]
        total = sum(below(depth + 1, {**cell, name: value}) for value in told_apart)
        others = len(possible) - len(told_apart)
        return total + (others * below(depth + 1, cell) if others else 0)

    return below(0, {})


def values(space: Space, name: str) -> Sequence[Scalar]:
    """The values that a grid takes of one hyperparameter, without repeats; of a range, rising.

    Raises InputError where a float range has more than a million steps.
    """
    form = space.hyperparameters[name]
    if isinstance(form, Fixed):
        return (form.value,)
    if isinstance(form, Choice):
        return form.options
    if form.integer and form.points is None:
        return form.integers
    if form.step is not None:
        return _by_step(name, form, form.step)
    return _by_points(form, form.points or DEFAULT_POINTS)


def _by_step(name: str, form: Range, step: float) -> Sequence[Scalar]:
    # Decimal, because 0.1 + 0.1 + 0.1 is not 0.3 in floats.
    low, high, by = (Decimal(str(number)) for number in (form.low, form.high, step))
    steps = int((high - low) / by)
    if steps >= MOST_STEPS:
        raise InputError(
            f"hyperparameters.{name}: a grid would take {steps + 1} values of it", hint="give a larger step"
        )
    return _once(float(low + index * by) for index in range(steps + 1))


def _by_points(form: Range, points: int) -> Sequence[Scalar]:
    low, high = form.low, form.high
    between = [
        low * (high / low) ** (index / (points - 1)) if form.log else low + (high - low) * index / (points - 1)
        for index in range(1, points - 1)
    ]
    rounded = (round(value) if form.integer else float(f"{value:.12g}") for value in between)
    return _once((low, *(min(max(value, low), high) for value in rounded), high))


def _once(numbers: Iterator[float] | tuple[float, ...]) -> Sequence[Scalar]:
    return tuple(dict.fromkeys(numbers))
