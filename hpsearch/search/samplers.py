"""Samplers: each proposes the searched values of trial `number` from what came before, and writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property, partial
from types import MappingProxyType
from typing import Any, Protocol

import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.trial import FrozenTrial, TrialState

from hpsearch import registry
from hpsearch.events import Scalar
from hpsearch.search.past import Past
from hpsearch.search.seeds import sampler_seed
from hpsearch.search.selection import Selection
from hpsearch.search.tpe import DraftTpe
from hpsearch.space.assignments import key
from hpsearch.space.grid import cells, free_cell
from hpsearch.space.hyperparameters import Space

Distributions = Mapping[str, BaseDistribution]
NOTHING: Mapping[str, Scalar] = MappingProxyType({})


class Sampler(Protocol):
    """`propose` is a function of the space, the study's seed, the number and the study's trials."""

    def propose(self, past: Past, number: int, given: Mapping[str, Scalar] = NOTHING) -> dict[str, Scalar] | None:
        """Values for the active searched hyperparameters; None where the space holds no more.

        Those of `given` stand already, where they are active: the others are proposed beside them.
        """


class Grid:
    """Every cell exactly once, in an order in which those of one signature stand together, so that stacks are full.

    A cell that a trial has already, because it was given, is left out. Beside given values stand those of the first
    cell that is free.
    """

    def __init__(self, space: Space, distributions: Distributions, seed: int) -> None:
        self._space = space

    @cached_property
    def _cells(self) -> list[dict[str, Scalar]]:
        shared = structural(self._space)
        return sorted(cells(self._space), key=lambda cell: [repr(cell.get(name)) for name in shared])

    def propose(self, past: Past, number: int, given: Mapping[str, Scalar] = NOTHING) -> dict[str, Scalar] | None:
        walk = past.kept(self, partial(_Walk, past))
        return free_cell(self._space, given, walk.taken())[0] if given else walk.next(self._cells)


class _Walk:
    """How far a grid has come in a past: which cells trials have, and before which all are taken."""

    def __init__(self, past: Past) -> None:
        self._past, self._read, self._next = past, 0, 0
        self._taken: set[frozenset[tuple[str, Scalar]]] = set()

    def taken(self) -> set[frozenset[tuple[str, Scalar]]]:
        """The `key` of the searched values of every trial."""
        self._taken.update(key(trial.params) for trial in self._past.by_number[self._read :])
        self._read = len(self._past.by_number)
        return self._taken

    def next(self, of: Sequence[dict[str, Scalar]]) -> dict[str, Scalar] | None:
        """The first cell that no trial has."""
        taken = self.taken()
        while self._next < len(of) and key(of[self._next]) in taken:
            self._next += 1
        return of[self._next] if self._next < len(of) else None


class _Optuna:
    """An Optuna sampler, seeded anew for each trial and asked about a draft that is in no storage yet."""

    def __init__(self, space: Space, distributions: Distributions, seed: int) -> None:
        self._space, self._distributions, self._seed = space, distributions, seed

    def sampler(self, seed: int) -> BaseSampler:
        raise NotImplementedError

    def seen(self, past: Past) -> optuna.Study:
        """The part of the past that the sampler reads."""
        return past

    def together(self, past: Past, sampler: BaseSampler, draft: FrozenTrial) -> dict[str, BaseDistribution]:
        """The hyperparameters that are proposed together, by name; each of the others is proposed by itself."""
        return sampler.infer_relative_search_space(past, draft)

    def relative(
        self,
        sampler: BaseSampler,
        seen: optuna.Study,
        draft: FrozenTrial,
        together: dict[str, BaseDistribution],
        given: Mapping[str, Scalar],
    ) -> dict[str, Any]:
        """What is proposed together. A sampler that cannot heed what is given proposes the rest without it."""
        return sampler.sample_relative(seen, draft, {name: of for name, of in together.items() if name not in given})

    def propose(self, past: Past, number: int, given: Mapping[str, Scalar] = NOTHING) -> dict[str, Scalar] | None:
        sampler, seen = self.sampler(sampler_seed(self._seed, number)), self.seen(past)
        draft = FrozenTrial(number, TrialState.RUNNING, None, datetime.now(), None, {}, {}, {}, {}, {}, -1)
        together = self.together(past, sampler, draft)
        relative = {**self.relative(sampler, seen, draft, together, given), **given}
        proposed: dict[str, Scalar] = {}
        for name in self._space.searched:
            if not self._space.active(name, proposed):
                continue
            distribution = self._distributions[name]
            if distribution.single():
                proposed[name] = single_value(distribution)
            elif name in relative and distribution._contains(distribution.to_internal_repr(relative[name])):
                proposed[name] = relative[name]
            else:
                proposed[name] = sampler.sample_independent(seen, draft, name, distribution)
        return proposed


class Random(_Optuna):
    """Independent uniform draws (log-uniform where the range is `log`): Bergstra and Bengio, JMLR 2012."""

    def sampler(self, seed: int) -> BaseSampler:
        return RandomSampler(seed=seed)


class Tpe(_Optuna):
    """The multivariate tree-structured Parzen estimator: Bergstra et al., NeurIPS 2011; trials under way count
    as poor ones, so that parallel proposals spread. Of a long past it reads a `Selection`."""

    def sampler(self, seed: int) -> DraftTpe:
        return DraftTpe(seed=seed)

    def seen(self, past: Past) -> optuna.Study:
        return past.showing(self._selection(past).trials())

    def together(self, past: Past, sampler: BaseSampler, draft: FrozenTrial) -> dict[str, BaseDistribution]:
        return self._selection(past).everywhere

    def relative(
        self,
        sampler: BaseSampler,
        seen: optuna.Study,
        draft: FrozenTrial,
        together: dict[str, BaseDistribution],
        given: Mapping[str, Scalar],
    ) -> dict[str, Any]:
        assert isinstance(sampler, DraftTpe)
        sampler.condition({name: of.to_internal_repr(given[name]) for name, of in together.items() if name in given})
        return sampler.sample_relative(seen, draft, together)

    def _selection(self, past: Past) -> Selection:
        return past.kept(self, partial(Selection, past, self._seed))


def structural(space: Space) -> tuple[str, ...]:
    """The searched hyperparameters that all trials of a stack have in common."""
    return tuple(name for name in space.searched if not registry.load("hyperparameters", name).fusible)


def single_value(distribution: BaseDistribution) -> Scalar:
    """The only value that a distribution holds."""
    if isinstance(distribution, optuna.distributions.CategoricalDistribution):
        return distribution.choices[0]
    low: Scalar = distribution.low  # type: ignore[attr-defined]
    return low
