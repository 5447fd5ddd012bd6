"""How much each hyperparameter mattered for reaching the best tenth of the values: PED-ANOVA.

Watanabe, Bansal, Hutter, "PED-ANOVA: Efficiently Quantifying Hyperparameter Importance in
Arbitrary Subspaces", IJCAI 2023; in Optuna's version, which gives a conditional hyperparameter
its due: the trials where it is inactive are a regime of their own.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import optuna
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial, TrialState

from hpsearch.search.distributions import distribution
from hpsearch.search.records import StudyRecord, TrialRecord


def importances(study: StudyRecord) -> dict[str, float]:
    """The share of each searched hyperparameter, from the largest down; the shares sum to 1.

    Only scored trials count, each assignment once: pruned ones have no final value, and a diverged one has a
    stand-in.
    Ties keep the study's order. The answer is {} where there is nothing to tell: fewer than two
    scored trials, all values equal, or nothing that varies.
    """
    dimensions = {dimension.name: distribution(dimension) for dimension in study.dimensions}
    frozen = [_frozen(trial, dimensions) for trial in study.trials if _usable(trial)]
    present = {name for trial in frozen for name in trial.params}
    names = [name for name in dimensions if name in present]
    if len(frozen) < 2 or not names:
        return {}
    with _quiet():
        rebuilt = optuna.create_study(direction=study.direction)
        rebuilt.add_trials(frozen)
        raw = optuna.importance.PedAnovaImportanceEvaluator().evaluate(rebuilt, params=names)
    total = sum(raw.values())
    if not total > 0:
        return {}
    shares = {name: raw[name] / total for name in names}
    return dict(sorted(shares.items(), key=lambda item: -item[1]))


def _usable(trial: TrialRecord) -> bool:
    return trial.scored and trial.repeats is None and trial.value is not None and math.isfinite(trial.value)


def _frozen(trial: TrialRecord, dimensions: Mapping[str, BaseDistribution]) -> FrozenTrial:
    """The trial for Optuna, without values that its ranges don't hold (enqueued by hand, say)."""
    active = {
        name: known for name, known in dimensions.items() if name in trial.params and _holds(known, trial.params[name])
    }
    return optuna.trial.create_trial(
        state=TrialState.COMPLETE,
        value=trial.value,
        params={name: trial.params[name] for name in active},
        distributions=active,
    )


def _holds(known: BaseDistribution, value: object) -> bool:
    try:
        return known._contains(known.to_internal_repr(value))
    except (ValueError, TypeError):
        return False


@contextmanager
def _quiet() -> Iterator[None]:
    """Optuna announces the rebuilt study, and warns about small ones; neither helps a reader here."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        optuna.logging.set_verbosity(before)
