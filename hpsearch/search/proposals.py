"""What the next trial is: one that somebody wanted first, a result that is known already, or what the sampler proposes.

All of it is a function of the study file and of what stands in the study, which is what came before in virtual time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from optuna.trial import FrozenTrial

from hpsearch.events import Scalar
from hpsearch.search.known import Known
from hpsearch.search.limits import Limited
from hpsearch.search.past import Past
from hpsearch.search.samplers import structural
from hpsearch.search.seeds import trial_seed
from hpsearch.search.warm_start import known_result
from hpsearch.space.assignments import Queued, whole
from hpsearch.space.study_file import StudyFile

ATTEMPTS = 8  # proposals for a trial as long as they are under way already


@dataclass(frozen=True, slots=True)
class Proposal:
    """A trial to begin. `params` has the searched values, `values` all of them.

    `first` is the trial whose assignment it repeats, and whose result it gets; `known` a trial of another study whose
    result it takes over, and `source` that study and trial.
    """

    params: Mapping[str, Scalar]
    values: Mapping[str, Scalar]
    seed: int
    first: FrozenTrial | None = None
    known: FrozenTrial | None = None
    source: tuple[str, int] | None = None


class Proposals:
    """Reads the study's past, and writes nothing."""

    def __init__(self, file: StudyFile, sampler: Limited, past: Past) -> None:
        self._file, self._sampler, self._past = file, sampler, past
        self._space, self._queue = file.space, file.queue
        self._structural = structural(self._space)

    @cached_property
    def _known(self) -> Known:
        return Known(self._past, self._space)

    @property
    def exhausted(self) -> int | None:
        """How many assignments the space has, where all have been tried and none is to be tried again; else None."""
        return None if self._file.search.repeats else self._known.exhausted

    def next(self) -> Proposal | None:
        """The next trial; None where the space holds no more."""
        number = len(self._past.by_number)
        if number < len(self._queue):
            queued = self._queue[number]
            proposal = self._first_of_all(number, queued.given, queued, "they are left out")
            if proposal is not None:
                return proposal
        if self.exhausted is not None:
            return None
        return self._first_of_all(number, self._of_the_cohort(number), None, "the search ends here")

    def _first_of_all(
        self, number: int, given: Mapping[str, Scalar], queued: Queued | None, otherwise: str
    ) -> Proposal | None:
        """The first proposal beside the given values that need not wait, or the last of some; None: there is none."""
        proposal = None
        for params in islice(self._sampler.proposals(self._past, number, given, otherwise), ATTEMPTS):
            proposal = self._proposal(number, params, queued)
            if not self._again(proposal):
                break
        return proposal

    def _again(self, proposal: Proposal) -> bool:
        """Whether to ask for another one: it would wait, or a study of the same seed has told its result already."""
        first = proposal.first
        return first is not None and (not first.state.is_finished() or "known" in first.user_attrs)

    def _proposal(self, number: int, params: Mapping[str, Scalar], queued: Queued | None) -> Proposal:
        values = self._space.complete(params)
        source = None if queued is None or queued.study is None else (queued.study, queued.number or 0)
        first = None if self._file.search.repeats else self._known.first(values)
        if first is not None:
            before = self._past.by_number[first]
            return Proposal(params, values, before.user_attrs["seed"], first=before, source=source)
        if queued is not None and queued.known and source is not None:
            known = known_result(self._past._storage, *source, values)
            if known is not None:
                return Proposal(params, values, known.user_attrs["seed"], known=known, source=source)
        return Proposal(params, values, trial_seed(self._file.search.seed, number), source=source)

    def _of_the_cohort(self, number: int) -> dict[str, Scalar]:
        """The structural values that a trial takes over from its cohort's first, which is in the storage already."""
        first = number - number % self._file.cohort
        if first == number or self._file.search.sampler.at(number).name == "grid":
            return {}
        params = self._past.by_number[first].params
        given = {name: params[name] for name in self._structural if name in params}
        return {} if whole(self._space, given) else given  # there is nothing else to try beside it
