"""Which assignments a study has tried, and as which trial first: a look-up, whatever the length of the study."""

from __future__ import annotations

import math
from collections.abc import Mapping

from hpsearch.events import Scalar
from hpsearch.search.past import Past
from hpsearch.space.assignments import holds, key
from hpsearch.space.grid import size
from hpsearch.space.hyperparameters import Space


class Known:
    """Reads on in a past each time that it is asked."""

    def __init__(self, past: Past, space: Space) -> None:
        self._past, self._space, self._read = past, space, 0
        self._first: dict[frozenset[tuple[str, Scalar]], int] = {}
        self._asked: tuple[Mapping[str, Scalar], frozenset[tuple[str, Scalar]]] = ({}, frozenset())
        self._size = size(space)
        self._inside = 0

    def first(self, values: Mapping[str, Scalar]) -> int | None:
        """The first trial with these values of all hyperparameters, ended or under way; None where there is none."""
        self._read_on()
        self._asked = (values, key(values))
        return self._first.get(self._asked[1])

    @property
    def exhausted(self) -> int | None:
        """How many assignments the space has, where every one of them has been tried; else None."""
        if self._size == math.inf:
            return None
        self._read_on()
        return self._inside if self._inside >= self._size else None

    def _read_on(self) -> None:
        for trial in self._past.by_number[self._read :]:
            values = trial.user_attrs["values"]
            # Mostly the one that was asked for last.
            assignment = self._asked[1] if values == self._asked[0] else key(values)
            if assignment not in self._first:
                self._first[assignment] = trial.number
                # A study whose ranges were changed has trials outside of them.
                self._inside += self._size < math.inf and holds(self._space, values)
        self._read = len(self._past.by_number)
