"""Proposals within limits: what would cost too much is not trained, and another one is proposed in its place.

Costs are a function of the values that shape the network, so they are known before a trial begins. A proposal that
breaks a limit is thrown away, and proposed anew with a seed that is a function of the study's seed, the trial's number
and the attempt. So the search stays a function of the file and what came before, the trials that count are those that
are trained, and no epoch is spent on what nobody wants. The sampler learns of limits by never seeing anything beyond.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping

import optuna
from optuna.storages import InMemoryStorage

from hpsearch.errors import InputError
from hpsearch.events import Scalar
from hpsearch.search.dimensions import dimensions
from hpsearch.search.distributions import distribution
from hpsearch.search.past import Past
from hpsearch.search.samplers import NOTHING, Distributions, Random, Sampler, structural
from hpsearch.search.seeds import attempt_seed
from hpsearch.search.sequence import sampler_of
from hpsearch.space.assignments import whole
from hpsearch.space.grid import cells
from hpsearch.space.hyperparameters import Space
from hpsearch.space.objectives import Constraints
from hpsearch.space.sampler_plan import Plan
from hpsearch.space.study_file import StudyFile

log = logging.getLogger("hpsearch")

OWN = 20  # attempts with the study's sampler, before
ATTEMPTS = 1000  # in all, the others drawn at random

Costs = Callable[[Mapping[str, Scalar]], Mapping[str, int]]
"""From the values of a trial to what its network costs, by name."""


class Counted:
    """Remembers the costs of each kind of network: within a study, the searched values that shape it tell the kind."""

    def __init__(self, costs: Costs, space: Space) -> None:
        self._costs, self._shaping = costs, structural(space)
        self._known: dict[tuple[Scalar, ...], Mapping[str, int]] = {}

    def __call__(self, values: Mapping[str, Scalar]) -> Mapping[str, int]:
        kind = tuple(values.get(name) for name in self._shaping)
        if kind not in self._known:
            self._known[kind] = self._costs(values)
        return self._known[kind]


class Limited:
    """Any sampler, kept within the limits of a study, and asked again as often as anybody wants another proposal."""

    def __init__(
        self,
        plan: Plan,
        space: Space,
        distributions: Distributions,
        seed: int,
        limits: Constraints,
        costs: Costs,
    ) -> None:
        self._plan, self._space, self._distributions, self._seed = plan, space, distributions, seed
        self._limits, self._costs = limits, costs
        self._made: dict[int, Sampler] = {}

    def proposals(
        self,
        past: Past,
        number: int,
        given: Mapping[str, Scalar] = NOTHING,
        otherwise: str = "the search ends here",
    ) -> Iterator[dict[str, Scalar]]:
        """What the sampler proposes within the limits, at the first attempt and at later ones.

        All are within the limits. Where the given values are a whole assignment, there is no other. Where nothing keeps
        to the limits, it is said, and what comes of it.
        """
        complete = whole(self._space, given) if given else None
        if complete is not None:
            if self._fit(complete):
                yield complete
            else:
                log.warning("search.constraints: the values given to trial %d break them: %s", number, otherwise)
            return
        none = True
        for attempt in range(ATTEMPTS):
            proposed = self._sampler(attempt).propose(past, number, given)
            if proposed is None:
                return
            if self._fit(proposed):
                none = False
                yield proposed
        if none:
            said = "search.constraints: none of %d proposals for trial %d keeps to them: %s"
            log.warning(said, ATTEMPTS, number, otherwise)

    def _sampler(self, attempt: int) -> Sampler:
        if attempt not in self._made:
            seed = attempt_seed(self._seed, attempt) if attempt else self._seed
            if attempt < OWN:
                made = sampler_of(self._plan, self._space, self._distributions, seed, self._fit)
            else:
                made = Random(self._space, self._distributions, seed)
            self._made[attempt] = made
        return self._made[attempt]

    def _fit(self, proposed: Mapping[str, Scalar]) -> bool:
        return not self._limits.limits or self._limits.fit(self._costs(self._space.complete(proposed)))


def check_limits(file: StudyFile, costs: Costs) -> None:
    """Raises InputError where no cell of the grid, or none of many random draws, keeps to the limits of a study."""
    limits, space = file.search.constraints, file.space
    if not limits.limits:
        return
    costs, grid = Counted(costs, space), file.search.sampler.alone == "grid"
    least: dict[str, int] = {}
    for proposed in cells(space) if grid else _drawn(file):
        counted = costs(space.complete(proposed))
        if limits.fit(counted):
            return
        least = {name: min(counted[name], least.get(name, counted[name])) for name in counted}
    found = ", ".join(f"{least[name]:,} {name}" for name in limits.limits if name in least)
    what = f"no assignment keeps to the limits: of {'all cells' if grid else f'{ATTEMPTS} draws'} the least is {found}"
    raise InputError(f"search.constraints: {what}", hint="raise them, or let smaller networks in")


def _drawn(file: StudyFile) -> Iterator[Mapping[str, Scalar]]:
    distributions = {d.name: distribution(d) for d in dimensions(file.space)}
    sampler, storage = Random(file.space, distributions, file.search.seed), InMemoryStorage()
    past = Past(storage, optuna.create_study(storage=storage).study_name)
    for number in range(ATTEMPTS):
        yield sampler.propose(past, number) or {}
