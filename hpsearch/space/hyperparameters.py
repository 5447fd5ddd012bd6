"""The search space: what each hyperparameter may be, and when it is there at all.

A hyperparameter is fixed, a list of options, or a range with both ends included. `when` makes it
conditional: every condition names a parent and the parent's values for which this one is active.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hpsearch.events import Scalar

Conditions = tuple[tuple[str, tuple[Scalar, ...]], ...]


@dataclass(frozen=True, slots=True)
class Fixed:
    """One value, not searched."""

    value: Scalar
    when: Conditions = ()

    def to_json(self) -> Any:
        """As the study file writes it, in one canonical form."""
        return {"value": self.value, **_when(self.when)} if self.when else self.value


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some options, without an order among them."""

    options: tuple[Scalar, ...]
    when: Conditions = ()

    def to_json(self) -> Any:
        """As the study file writes it, in one canonical form."""
        return {"options": list(self.options), **_when(self.when)} if self.when else list(self.options)


@dataclass(frozen=True, slots=True)
class Range:
    """From `low` to `high`, both included. `step` is a grid on it; `points` is how many values a grid takes.

    With `integer`, `low`, `high` and `step` are ints. `log` and `step` exclude each other.
    """

    low: float
    high: float
    log: bool = False
    step: float | None = None
    points: int | None = None
    integer: bool = False
    when: Conditions = ()

    @property
    def integers(self) -> range:
        """Every value of a range of whole numbers."""
        return range(int(self.low), int(self.high) + 1, int(self.step or 1))

    def to_json(self) -> Any:
        """As the study file writes it, in one canonical form."""
        given = {"log": self.log or None, "step": self.step, "points": self.points}
        shape = {key: value for key, value in given.items() if value is not None}
        return {"low": self.low, "high": self.high, **shape, **_when(self.when)}


Form = Fixed | Choice | Range


def _when(when: Conditions) -> dict[str, Any]:
    return {"when": {parent: list(values) for parent, values in when}} if when else {}


class CycleError(ValueError):
    """Conditions that go round in a circle. `names` starts and ends with the same hyperparameter."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(" → ".join(names))
        self.names = names


def parents_first(forms: Mapping[str, Form]) -> dict[str, Form]:
    """The same hyperparameters, each after the parents its `when` names, otherwise in the given order.

    Raises CycleError, and KeyError for a parent that is not there.
    """
    ordered: dict[str, Form] = {}

    def place(name: str, below: tuple[str, ...]) -> None:
        if name in below:
            raise CycleError((*below[below.index(name) :], name))
        if name not in ordered:
            for parent, _ in forms[name].when:
                place(parent, (*below, name))
            ordered[name] = forms[name]

    for name in forms:
        place(name, ())
    return ordered


@dataclass(frozen=True)
class Space:
    """All hyperparameters of a study, parents before the ones that depend on them.

    Raises CycleError or KeyError where the conditions make no such order possible.
    """

    hyperparameters: Mapping[str, Form]

    def __post_init__(self) -> None:
        object.__setattr__(self, "hyperparameters", parents_first(self.hyperparameters))

    @property
    def searched(self) -> tuple[str, ...]:
        """The names whose values the search chooses, in the order of the space."""
        return tuple(name for name, form in self.hyperparameters.items() if not isinstance(form, Fixed))

    def active(self, name: str, values: Mapping[str, Scalar]) -> bool:
        """Whether all conditions of `name` hold; one on a parent that is itself inactive does not.

        `values` needs the searched parents only. Raises KeyError for a name that is not in the space.
        """
        return all(
            self.active(parent, values) and self._is_one_of(parent, wanted, values)
            for parent, wanted in self.hyperparameters[name].when
        )

    def complete(self, sampled: Mapping[str, Scalar]) -> dict[str, Scalar]:
        """The values of all active hyperparameters, fixed ones included, in the order of the space.

        What is inactive in `sampled` is left out. Raises KeyError where an active searched value is missing.
        """
        return {
            name: form.value if isinstance(form, Fixed) else sampled[name]
            for name, form in self.hyperparameters.items()
            if self.active(name, sampled)
        }

    def _is_one_of(self, parent: str, wanted: tuple[Scalar, ...], values: Mapping[str, Scalar]) -> bool:
        form = self.hyperparameters[parent]
        if isinstance(form, Fixed):
            return form.value in wanted
        return parent in values and values[parent] in wanted
