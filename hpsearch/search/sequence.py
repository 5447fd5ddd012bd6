"""The samplers of a study file: one, or several one after the other."""

from __future__ import annotations

import traceback
from bisect import bisect_right
from collections.abc import Mapping, Sequence

from hpsearch import registry
from hpsearch.errors import HpsearchError
from hpsearch.events import Scalar
from hpsearch.search.past import Past
from hpsearch.search.samplers import NOTHING, Distributions, Fits, Grid, Sampler
from hpsearch.space.hyperparameters import Space
from hpsearch.space.sampler_plan import Plan, options_of


class OneAfterTheOther:
    """A trial belongs to the part that its number falls into, or to the next one where that has nothing left.

    All parts read the whole past.
    """

    def __init__(self, parts: Sequence[Sampler], starts: Sequence[int]) -> None:
        self._parts, self._starts = parts, starts

    def propose(self, past: Past, number: int, given: Mapping[str, Scalar] = NOTHING) -> dict[str, Scalar] | None:
        for part in self._parts[bisect_right(self._starts, number) - 1 :]:
            proposed = part.propose(past, number, given)
            if proposed is not None:
                return proposed
        return None


class Foreign:
    """A sampler of another package, whose exceptions name it and the line that raised them."""

    def __init__(self, name: str, made: Sampler) -> None:
        self._name, self._made = name, made

    def propose(self, past: Past, number: int, given: Mapping[str, Scalar] = NOTHING) -> dict[str, Scalar] | None:
        try:
            return self._made.propose(past, number, given)
        except HpsearchError:
            raise  # it says in one line what is wrong
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            what = f"{type(error).__name__}: {error} ({last.filename}:{last.lineno})"
            raise HpsearchError(f"sampler {self._name!r} failed at trial {number}: {what}") from error


def sampler_of(
    plan: Plan, space: Space, distributions: Distributions, seed: int, fits: Fits = lambda values: True
) -> Sampler:
    """What proposes the trials of a study with this seed. A grid leaves out what does not fit."""
    parts: list[Sampler] = []
    for part, start in zip(plan.parts, plan.starts, strict=True):
        kind = registry.load("sampler", part.name)
        made: Sampler = kind(space, distributions, seed, options_of(kind)(**dict(part.options)), start)
        if isinstance(made, Grid):
            made.fits = fits
        if not type(made).__module__.startswith("hpsearch."):
            made = Foreign(part.name, made)
        parts.append(made)
    return parts[0] if len(parts) == 1 else OneAfterTheOther(parts, plan.starts)
