"""Proposals within limits: what would cost too much is not trained, and another one is proposed in its place.

Costs are a function of the values that shape the network, so they are known before a trial begins. A proposal that
breaks a limit is thrown away, and proposed anew with a seed that is a function of the study's seed, the trial's number
and the attempt. So the search stays a function of the file and what came before, the trials that count are those that
are trained, and no epoch is spent on what nobody wants. The sampler learns of limits by never seeing anything beyond.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from itertools import count

import optuna
from optuna.storages import InMemoryStorage

from hpsearch.errors import InputError
from hpsearch.events import Scalar
from hpsearch.search.dimensions import dimensions
from hpsearch.search.distributions import distribution
from hpsearch.search.past import Past
from hpsearch.search.samplers import NOTHING, Distributions, Grid, Random, Sampler
from hpsearch.search.seeds import attempt_seed
from hpsearch.space.hyperparameters import Space
from hpsearch.space.objectives import Constraints
from hpsearch.space.study_file import StudyFile
from hpsearch.training.config import Signature, configure, signature

log = logging.getLogger("hpsearch")

OWN = 20  # attempts with the study's sampler, before
ATTEMPTS = 1000  # in all, the others drawn at random

Costs = Callable[[Mapping[str, Scalar]], Mapping[str, int]]
"""From the values of a trial to what its network costs, by name."""


class Counted:
    """Remembers the costs of each kind of network."""

    def __init__(self, costs: Costs) -> None:
        self._costs = costs
        self._known: dict[Signature, Mapping[str, int]] = {}

    def __call__(self, values: Mapping[str, Scalar]) -> Mapping[str, int]:
        kind = signature(configure(values))
        if kind not in self._known:
            self._known[kind] = self._costs(values)
        return self._known[kind]


class Limited:
    """Any sampler, kept within the limits of a study. Without limits it proposes what that sampler does."""

    def __init__(
        self,
        make: Callable[[Space, Distributions, int], Sampler],
        space: Space,
        distributions: Distributions,
        seed: int,
        limits: Constraints,
        costs: Costs,
    ) -> None:
        self._make, self._space, self._distributions, self._seed = make, space, distributions, seed
        self._limits, self._costs = limits, costs
        self._made: dict[int, Sampler] = {0: make(space, distributions, seed)}
        self._cells: list[int] = []  # of a grid, the numbers of those within the limits

    def propose(self, past: Past, number: int, given: Mapping[str, Scalar] = NOTHING) -> dict[str, Scalar] | None:
        """As `Sampler.propose`; None too where no attempt has kept to the limits."""
        first = self._made[0]
        if not self._limits.limits:
            return first.propose(past, number, given)
        if isinstance(first, Grid):
            return self._cell(first, past, number)
        for attempt in range(ATTEMPTS):
            proposed = self._sampler(attempt).propose(past, number, given)
            if proposed is None or self._fit(proposed):
                return proposed
        said = "search.constraints: none of %d proposals for trial %d keeps to them: the search ends here"
        log.warning(said, ATTEMPTS, number)
        return None

    def _sampler(self, attempt: int) -> Sampler:
        if attempt not in self._made:
            make = self._make if attempt < OWN else Random
            self._made[attempt] = make(self._space, self._distributions, attempt_seed(self._seed, attempt))
        return self._made[attempt]

    def _fit(self, proposed: Mapping[str, Scalar]) -> bool:
        return self._limits.fit(self._costs(self._space.complete(proposed)))

    def _cell(self, grid: Grid, past: Past, number: int) -> dict[str, Scalar] | None:
        """The cell of this number among those within the limits."""
        for place in count(self._cells[-1] + 1 if self._cells else 0):
            if number < len(self._cells):
                break
            cell = grid.propose(past, place)
            if cell is None:
                return None
            if self._fit(cell):
                self._cells.append(place)
        return grid.propose(past, self._cells[number])


def check_limits(file: StudyFile, costs: Costs) -> None:
    """Raises InputError where no cell of the grid, or none of many random draws, keeps to the limits of a study."""
    limits, space = file.search.constraints, file.space
    if not limits.limits:
        return
    distributions = {d.name: distribution(d) for d in dimensions(space)}
    grid = str(file.search.sampler) == "grid"
    sampler: Sampler = (Grid if grid else Random)(space, distributions, file.search.seed)
    storage = InMemoryStorage()
    past = Past(storage, optuna.create_study(storage=storage).study_name)
    least: dict[str, int] = {}
    for number in count() if grid else range(ATTEMPTS):
        proposed = sampler.propose(past, number)
        if proposed is None:
            break
        counted = costs(space.complete(proposed))
        if limits.fit(counted):
            return
        least = {name: min(counted[name], least.get(name, counted[name])) for name in counted}
    found = ", ".join(f"{least[name]:,} {name}" for name in limits.limits if name in least)
    what = f"no assignment keeps to the limits: of {'all cells' if grid else f'{ATTEMPTS} draws'} the least is {found}"
    raise InputError(f"search.constraints: {what}", hint="raise them, or let smaller networks in")
