"""Whole and partial assignments that somebody gives: whether they are of a space, and which of their values are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from hpsearch import registry
from hpsearch.errors import did_you_mean
from hpsearch.events import Scalar
from hpsearch.space.forms import Checks
from hpsearch.space.hyperparameters import Choice, Fixed, Form, Range, Space
from hpsearch.space.problems import Problem, ProblemsError, shown, wrong
from hpsearch.space.values import checked

DIGITS = 12  # two floats that agree in so many are one value; a step's own rounding is far below


@dataclass(frozen=True, slots=True)
class Queued:
    """What a trial takes over, and of which trial of which study; `known`: with the result, which holds here too."""

    given: Mapping[str, Scalar]
    study: str | None = None
    number: int | None = None
    known: bool = False


def key(values: Mapping[str, Scalar]) -> frozenset[tuple[str, Scalar]]:
    """What two assignments have in common if and only if all their values are equal."""
    return frozenset(
        (name, float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value) for name, value in values.items()
    )


def checked_assignment(space: Space, raw: object) -> dict[str, Scalar]:
    """The values of searched hyperparameters that a user gives, in their declared types, in the space's order.

    A fixed hyperparameter may be named with its value. Whoever gives a conditional one gives what it depends on
    too. Raises ProblemsError.
    """
    if not isinstance(raw, Mapping):
        raise wrong(f"must be a mapping (hyperparameter: value), not {shown(raw)}")
    if not raw:
        raise wrong("is empty: give at least one value")
    checks = Checks()
    found: dict[str, Scalar] = {}
    for name, value in raw.items():
        found[name] = checks.run((name,), partial(_value, space, name, value))
    checks.finish()
    for name in raw:
        checks.run((name,), partial(_check_active, space, name, found))
    checks.finish()
    return {name: found[name] for name in space.searched if name in found}


def fitting(space: Space, values: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """Those of the values that the space's searched hyperparameters can have, each beside what it depends on."""
    found: dict[str, Scalar] = {}
    for name in space.searched:
        depends = [parent for parent, _ in space.hyperparameters[name].when if parent in space.searched]
        if name in values and space.active(name, found) and all(parent in found for parent in depends):
            value = values[name]
            if contains(space.hyperparameters[name], value):
                found[name] = value
    return found


def whole(space: Space, given: Mapping[str, Scalar]) -> dict[str, Scalar] | None:
    """The active ones of the given values, where no active searched hyperparameter lacks one."""
    found: dict[str, Scalar] = {}
    for name in space.searched:
        if space.active(name, found):
            if name not in given:
                return None
            found[name] = given[name]
    return found


def holds(space: Space, values: Mapping[str, Scalar]) -> bool:
    """Whether these values of all hyperparameters are an assignment of the space."""
    found = whole(space, values)
    if found is None or not all(contains(space.hyperparameters[name], value) for name, value in found.items()):
        return False
    return space.complete(found) == dict(values)


def contains(form: Form, value: Scalar) -> bool:
    """Whether a hyperparameter can have the value, which is of its declared type."""
    if isinstance(form, Fixed):
        return value == form.value
    if isinstance(form, Choice):
        return value in form.options
    if isinstance(value, str) or value is None:
        return False
    if form.integer:
        return value in form.integers
    if not form.low <= value <= form.high:
        return False
    steps = 0.0 if form.step is None else (value - form.low) / form.step
    return abs(steps - round(steps)) < 1e-8  # as Optuna rounds


def _value(space: Space, name: object, raw: object) -> Scalar:
    if name not in space.hyperparameters:
        raise wrong("the study sets no such hyperparameter", did_you_mean(name, space.hyperparameters))
    form = space.hyperparameters[str(name)]
    value = checked(registry.load("hyperparameters", str(name)), raw)
    if isinstance(form, Fixed):
        if value != form.value:
            raise wrong(f"is fixed to {form.value} in this study, and not {shown(value)}")
    elif isinstance(form, Choice):
        if value not in form.options:
            options = [str(option) for option in form.options]
            raise wrong(f"is never {shown(value)} in this study", did_you_mean(value, options))
    elif not contains(form, value):
        raise wrong(f"is never {shown(value)} in this study", f"it goes {_bounds(form)}")
    return value


def _bounds(form: Range) -> str:
    return f"from {form.low:g} to {form.high:g}" + (f" by {form.step:g}" if form.step else "")


def _check_active(space: Space, name: str, found: Mapping[str, Scalar]) -> None:
    for parent, wanted in space.hyperparameters[name].when:
        words = f"it is there only where {parent} is {' or '.join(str(value) for value in wanted)}"
        form = space.hyperparameters[parent]
        if isinstance(form, Fixed):
            value = form.value
        elif parent in found:
            value = found[parent]
        else:
            raise wrong(f"needs a value of {parent} beside it", words)
        if value not in wanted:
            raise wrong(f"cannot stand beside {parent} {shown(value)}", words)


def checked_assignments(space: Space, rows: Sequence[object]) -> tuple[dict[str, Scalar], ...]:
    """`checked_assignment` of each; what is wrong is told of all of them, by their places."""
    checks, found = Checks(), []
    for index, row in enumerate(rows):
        given = checks.run((index,), partial(checked_assignment, space, row))
        if given is not None:
            found.append(given)
    checks.finish()
    return tuple(found)


def rows_of(raw: object) -> tuple[dict[str, Scalar], ...]:
    """The value of `search.enqueue`: a list of mappings, whose values are checked against the space later."""
    if isinstance(raw, str):
        raise wrong(f"must be a list of assignments, or a file that ends in .csv, not {shown(raw)}")
    if not isinstance(raw, list | tuple):
        raise wrong(f"must be a list of assignments, not {shown(raw)}", "write [{learning_rate: 0.01}]")
    problems = [
        Problem((index,), f"must be a mapping (hyperparameter: value), not {shown(row)}")
        for index, row in enumerate(raw)
        if not isinstance(row, Mapping)
    ]
    if problems:
        raise ProblemsError(problems)
    return tuple(dict(row) for row in raw)
