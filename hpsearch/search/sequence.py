"""The samplers of a study file: one, or several one after the other."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence

from hpsearch import registry
from hpsearch.events import Scalar
from hpsearch.search.past import Past
from hpsearch.search.samplers import NOTHING, Distributions, Sampler
from hpsearch.space.hyperparameters import Space
from hpsearch.space.sampler_plan import Plan, options_of


class OneAfterTheOther:
    """A trial belongs to the part that its number falls into. All parts read the whole past."""

    def __init__(self, parts: Sequence[Sampler], starts: Sequence[int]) -> None:
        self._parts, self._starts = parts, starts

    def propose(self, past: Past, number: int, given: Mapping[str, Scalar] = NOTHING) -> dict[str, Scalar] | None:
        part = self._parts[bisect_right(self._starts, number) - 1]
        return part.propose(past, number, given)


def sampler_of(plan: Plan, space: Space, distributions: Distributions, seed: int) -> Sampler:
    """What proposes the trials of a study with this seed."""
    parts: list[Sampler] = []
    for part, start in zip(plan.parts, plan.starts, strict=True):
        kind = registry.load("sampler", part.name)
        parts.append(kind(space, distributions, seed, options_of(kind)(**dict(part.options)), start))
    return parts[0] if len(parts) == 1 else OneAfterTheOther(parts, plan.starts)
