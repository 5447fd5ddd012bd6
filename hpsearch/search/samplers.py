"""Samplers: each proposes the searched values of trial `number` from what came before, and writes nothing.

A sampler is made as `Kind(space, distributions, seed, options, first)`: the study's seed, the sampler's own `Options`
(None: as by default), and the number of the first trial that is its own, which is 0 unless others come before it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cached_property, partial
from types import MappingProxyType
from typing import Any, Generic, Protocol, TypeVar, cast

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.trial import FrozenTrial, TrialState

from hpsearch import registry
from hpsearch.events import Scalar
from hpsearch.search.past import Past
from hpsearch.search.seeds import sampler_seed
from hpsearch.search.selection import Selection
from hpsearch.search.tpe import DraftTpe, ParallelTpe
from hpsearch.space import fields
from hpsearch.space.assignments import key
from hpsearch.space.grid import cells, free_cell
from hpsearch.space.hyperparameters import Space
from hpsearch.space.section import Section

Distributions = Mapping[str, BaseDistribution]
Fits = Callable[[Mapping[str, Scalar]], bool]
"""Whether searched values may be those of a trial."""
NOTHING: Mapping[str, Scalar] = MappingProxyType({})
Own = TypeVar("Own", bound=Section)


class Sampler(Protocol):
    """`propose` is a function of the space, the study's seed, the number and the study's trials."""

    def propose(self, past: Past, number: int, given: Mapping[str, Scalar] = NOTHING) -> dict[str, Scalar] | None:
        """Values for the active searched hyperparameters; None where the space holds no more.

        Those of `given` stand already, where they are active: the others are proposed beside them.
        """


class NoOptions(Section):
    """The options of a sampler that has none."""


class Grid:
    """Every cell exactly once, in an order in which those of one signature stand together, so that stacks are full.

    A cell that a trial has already, because it was given or came up before, is left out, and so are those that do not
    `fits`. Beside given values stand those of the first cell that is free.
    """

    Options = NoOptions

    def __init__(
        self, space: Space, distributions: Distributions, seed: int, options: NoOptions | None = None, first: int = 0
    ) -> None:
        self._space = space
        self.fits: Fits = lambda cell: True

    @cached_property
    def _cells(self) -> list[dict[str, Scalar]]:
        shared = structural(self._space)
        return sorted(cells(self._space), key=lambda cell: [repr(cell.get(name)) for name in shared])

    def propose(self, past: Past, number: int, given: Mapping[str, Scalar] = NOTHING) -> dict[str, Scalar] | None:
        walk = past.kept(self, partial(_Walk, past, self.fits))
        if not given:
            return walk.next(self._cells)
        return free_cell(filter(self.fits, cells(self._space, given)), walk.taken())[0]


class _Walk:
    """How far a grid has come in a past: which cells trials have, and before which none is free."""

    def __init__(self, past: Past, fits: Fits) -> None:
        self._past, self._fits, self._read, self._next = past, fits, 0, 0
        self._taken: set[frozenset[tuple[str, Scalar]]] = set()

    def taken(self) -> set[frozenset[tuple[str, Scalar]]]:
        """The `key` of the searched values of every trial."""
        self._taken.update(key(trial.params) for trial in self._past.by_number[self._read :])
        self._read = len(self._past.by_number)
        return self._taken

    def next(self, of: Sequence[dict[str, Scalar]]) -> dict[str, Scalar] | None:
        """The first cell that no trial has, and that may be one."""
        taken = self.taken()
        while self._next < len(of) and (key(of[self._next]) in taken or not self._fits(of[self._next])):
            self._next += 1
        return of[self._next] if self._next < len(of) else None


class OptunaSampler(Generic[Own]):
    """An Optuna sampler, seeded anew for each trial and asked about a draft that is in no storage yet."""

    Options: type[Section] = NoOptions

    def __init__(
        self, space: Space, distributions: Distributions, seed: int, options: Own | None = None, first: int = 0
    ) -> None:
        self.space, self.distributions, self.seed, self.first = space, distributions, seed, first
        self.options: Own = options or cast(Own, self.Options())

    def sampler(self, seed: int) -> BaseSampler:
        """Optuna's sampler, made for one proposal."""
        raise NotImplementedError

    def seen(self, past: Past) -> optuna.Study:
        """The part of the past that the sampler reads."""
        return past

    def together(self, past: Past, sampler: BaseSampler, draft: FrozenTrial) -> dict[str, BaseDistribution]:
        """The hyperparameters that are proposed together, by name; each of the others is proposed by itself."""
        return sampler.infer_relative_search_space(past, draft)

    def relative(
        self,
        past: Past,
        sampler: BaseSampler,
        draft: FrozenTrial,
        together: dict[str, BaseDistribution],
        given: Mapping[str, Scalar],
    ) -> dict[str, Any]:
        """What is proposed together. A sampler that cannot heed what is given proposes the rest without it."""
        free = {name: of for name, of in together.items() if name not in given}
        return sampler.sample_relative(self.seen(past), draft, free)

    def propose(self, past: Past, number: int, given: Mapping[str, Scalar] = NOTHING) -> dict[str, Scalar] | None:
        sampler, seen = self.sampler(sampler_seed(self.seed, number)), None
        draft = FrozenTrial(number, TrialState.RUNNING, None, datetime.now(), None, {}, {}, {}, {}, {}, -1)
        together = self.together(past, sampler, draft)
        found = self.relative(past, sampler, draft, together, given)
        relative = {name: of.item() if isinstance(of, np.generic) else of for name, of in found.items()} | dict(given)
        proposed: dict[str, Scalar] = {}
        for name in self.space.searched:
            if not self.space.active(name, proposed):
                continue
            distribution = self.distributions[name]
            if distribution.single():
                proposed[name] = single_value(distribution)
            elif name in relative and _is_in(distribution, relative[name]):
                proposed[name] = relative[name]
            else:
                seen = seen or self.seen(past)
                proposed[name] = sampler.sample_independent(seen, draft, name, distribution)
        return proposed


class Drawn(OptunaSampler[Own]):
    """A sampler of our own: what is proposed together it draws itself, Optuna's the rest."""

    def relative(
        self,
        past: Past,
        sampler: BaseSampler,
        draft: FrozenTrial,
        together: dict[str, BaseDistribution],
        given: Mapping[str, Scalar],
    ) -> dict[str, Any]:
        return self.draw(past, draft.number, together) if together else {}

    def draw(self, past: Past, number: int, together: Mapping[str, BaseDistribution]) -> dict[str, Any]:
        """Values of what is proposed together, of at least one: all, some or none of them."""
        raise NotImplementedError


class AllTogether(Drawn[Own]):
    """All that varies is proposed together; what the sampler leaves out is random."""

    def sampler(self, seed: int) -> BaseSampler:
        return RandomSampler(seed=seed)

    def together(self, past: Past, sampler: BaseSampler, draft: FrozenTrial) -> dict[str, BaseDistribution]:
        return {name: of for name, of in self.distributions.items() if not of.single()}


class Random(OptunaSampler[NoOptions]):
    """Independent uniform draws (log-uniform where the range is `log`): Bergstra and Bengio, JMLR 2012."""

    def sampler(self, seed: int) -> BaseSampler:
        return RandomSampler(seed=seed)


class TpeOptions(Section):
    """After `n_startup_trials` ended ones, the best of `n_ei_candidates` draws; all at once where `multivariate`.

    `plain` is Optuna's TPE as it is.
    """

    n_startup_trials: fields.Count = 10
    n_ei_candidates: fields.Count = 24
    multivariate: fields.Flag = True
    constant_liar: fields.Flag = True
    plain: fields.Flag = False


class Tpe(OptunaSampler[TpeOptions]):
    """The multivariate tree-structured Parzen estimator: Bergstra et al., NeurIPS 2011; trials under way count
    as poor ones, so that parallel proposals spread. Of a long past it reads a `Selection`."""

    Options = TpeOptions

    def sampler(self, seed: int) -> DraftTpe:
        kind = DraftTpe if self.options.plain else ParallelTpe
        return kind(seed=seed, **self.options.model_dump(exclude={"plain"}))

    def seen(self, past: Past) -> optuna.Study:
        return past.showing(self._selection(past).trials())

    def together(self, past: Past, sampler: BaseSampler, draft: FrozenTrial) -> dict[str, BaseDistribution]:
        return self._selection(past).everywhere if self.options.multivariate else {}

    def relative(
        self,
        past: Past,
        sampler: BaseSampler,
        draft: FrozenTrial,
        together: dict[str, BaseDistribution],
        given: Mapping[str, Scalar],
    ) -> dict[str, Any]:
        assert isinstance(sampler, DraftTpe)
        sampler.condition({name: of.to_internal_repr(given[name]) for name, of in together.items() if name in given})
        return sampler.sample_relative(self.seen(past), draft, together)

    def _selection(self, past: Past) -> Selection:
        return past.kept(self, partial(Selection, past, self.seed))


def _is_in(distribution: BaseDistribution, value: Any) -> bool:
    try:
        return distribution._contains(distribution.to_internal_repr(value))
    except (TypeError, ValueError):  # of what is no number, or no option
        return False


def structural(space: Space) -> tuple[str, ...]:
    """The searched hyperparameters that all trials of a stack have in common."""
    return tuple(name for name in space.searched if not registry.load("hyperparameters", name).fusible)


def single_value(distribution: BaseDistribution) -> Scalar:
    """The only value that a distribution holds."""
    if isinstance(distribution, optuna.distributions.CategoricalDistribution):
        return distribution.choices[0]
    low: Scalar = distribution.low  # type: ignore[attr-defined]
    return low
