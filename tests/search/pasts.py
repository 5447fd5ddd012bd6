"""Studies that a sampler has proposed, told with a made-up value each, in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import optuna
from optuna.trial import TrialState, create_trial

from hpsearch.declarations import Direction
from hpsearch.events import Scalar
from hpsearch.search.dimensions import dimensions
from hpsearch.search.distributions import distribution
from hpsearch.search.past import Past
from hpsearch.search.samplers import Sampler
from hpsearch.search.sequence import sampler_of
from hpsearch.space.hyperparameters import Space
from hpsearch.space.load import parse_study
from hpsearch.space.sampler_plan import parse_plan

Values = dict[str, Scalar]


def space_of(hyperparameters: str) -> Space:
    """The space of a study file with these hyperparameters, in YAML on one line."""
    return parse_study(f"{{name: s, data: digits, hyperparameters: {hyperparameters}}}", file="s").space


class Told:
    """A study that is asked and told; what is under way is told `late` trials later."""

    def __init__(
        self, sampler: Any, space: Space, directions: Sequence[Direction] = ("minimize",), seed: int = 0, late: int = 0
    ) -> None:
        self.distributions = {d.name: distribution(d) for d in dimensions(space)}
        self.sampler: Sampler = sampler_of(parse_plan(sampler), space, self.distributions, seed)
        self.study = optuna.create_study(study_name="s", directions=list(directions))
        self.past = Past(self.study._storage, "s")
        self._late, self.told = late, 0
        self.proposed: list[Values] = []

    def ask(self) -> Values:
        """The next proposal, begun."""
        proposed = self.sampler.propose(self.past, len(self.proposed))
        assert proposed is not None
        own = {name: self.distributions[name] for name in proposed}
        begun = create_trial(state=TrialState.RUNNING, params=dict(proposed), distributions=own)
        self._written(self.study._storage.create_new_trial(self.study._study_id, begun))
        self.proposed.append(proposed)
        return proposed

    def report(self, number: int, value: float) -> None:
        """What a trial shows the pruner after its first epoch."""
        trial = self.past.by_number[number]._trial_id
        self.study._storage.set_trial_intermediate_value(trial, 1, value)
        self._written(trial)

    def tell(self, *values: float, pruned: bool = False) -> None:
        """End the trial that has been under way for longest."""
        trial = self.past.by_number[self.told]._trial_id
        storage, tick = self.study._storage, self.told
        storage.set_trial_user_attr(trial, "result", {"end": tick})
        storage.set_trial_state_values(trial, TrialState.PRUNED if pruned else TrialState.COMPLETE, list(values))
        self._written(trial)
        self.told += 1

    def run(self, trials: int, loss: Callable[[Values], Sequence[float]]) -> list[Values]:
        """Ask for so many more, and tell what they come to."""
        begin = len(self.proposed)
        for _ in range(trials):
            self.ask()
            if len(self.proposed) - self.told > self._late:
                self.tell(*loss(self.proposed[self.told]))
        return self.proposed[begin:]

    def _written(self, trial_id: int) -> None:
        self.past.update(self.study._storage.get_trial(trial_id))
