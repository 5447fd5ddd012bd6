"""Optuna's Gaussian process for a trial that is in no storage yet, on a bounded part of the past."""

from __future__ import annotations

import logging
import warnings
from functools import partial
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, GPSampler
from optuna.trial import FrozenTrial, TrialState

from hpsearch.search.past import Past
from hpsearch.search.samplers import OptunaSampler
from hpsearch.search.selection import Selection
from hpsearch.space import fields
from hpsearch.space.section import Section

# It would say that a package is missing with which it is faster; the proposals are good without.
logging.getLogger("optuna._gp.batched_lbfgsb").setLevel(logging.ERROR)
SEEN = 100  # ended trials in the sample beside the best ones: fitting takes time that grows with their cube


class GpOptions(Section):
    """Random until `n_startup_trials` are complete; `deterministic_objective` says that no value has noise."""

    n_startup_trials: fields.Count = 10
    deterministic_objective: fields.Flag = False


class GaussianProcess(OptunaSampler[GpOptions]):
    """Where the expected improvement over a Gaussian process is largest: Jones et al., J. Global Optimization 1998.

    Matérn kernel, a length scale for each hyperparameter; the logarithm of the improvement (Ament et al., NeurIPS
    2023), over what trials under way may come to. Hyperparameters with a `when` are random. Every proposal fits anew:
    starting from the last fit, as Optuna does in one process, would tell a restart from a run.
    """

    Options = GpOptions

    def sampler(self, seed: int) -> BaseSampler:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            return _DraftGp(seed=seed, warn_independent_sampling=False, **self.options.model_dump())

    def seen(self, past: Past) -> optuna.Study:
        return past.showing(self._selection(past).trials())

    def together(self, past: Past, sampler: BaseSampler, draft: FrozenTrial) -> dict[str, BaseDistribution]:
        return self._selection(past).everywhere

    def _selection(self, past: Past) -> Selection:
        return past.kept(self, partial(Selection, past, self.seed, SEEN))


class _DraftGp(GPSampler):
    """Writes nothing."""

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        # The base class then writes the values into the storage for other processes; here nobody else asks.
        import torch  # no earlier: it takes seconds

        trials = study.get_trials(deepcopy=False)
        complete = [trial for trial in trials if trial.state == TrialState.COMPLETE]
        running = [t for t in trials if t.state == TrialState.RUNNING and search_space.keys() <= t.params.keys()]
        if not search_space or len(complete) < self._n_startup_trials:
            return {}
        with torch.device("cpu"), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of values that are not finite, which count as the worst finite one
            return self._sample_relative_impl(study, complete, running, search_space)
