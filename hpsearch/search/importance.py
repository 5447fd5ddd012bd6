"""How much each hyperparameter mattered for reaching the best tenth of the values, and how sure that is."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import combinations

import numpy as np

from hpsearch.search.ped_anova import Numbers, axis, divergences
from hpsearch.search.records import Dimension, StudyRecord, TrialRecord

FEWEST = 10  # the best tenth of fewer trials is not even one whole trial
RESAMPLES = 100
INTERVAL = (0.05, 0.95)


def importances(study: StudyRecord) -> dict[str, float]:
    """The share of each searched hyperparameter by PED-ANOVA, from the largest down; the shares sum to 1.

    Only scored trials count, each assignment once: pruned ones have no final value, and a diverged one has a
    stand-in.
    Ties keep the study's order. The answer is {} where there is nothing to tell: fewer than two
    scored trials, all values equal, or nothing that varies.
    """
    names, drawn = _shares(study, 0)
    return dict(sorted(zip(names, drawn[0].tolist(), strict=True), key=lambda item: -item[1])) if names else {}


def intervals(study: StudyRecord, resamples: int = RESAMPLES) -> dict[str, tuple[float, float]]:
    """Where nine tenths of the shares lie when the trials are drawn again with replacement, `resamples` times.

    Efron, "Bootstrap Methods: Another Look at the Jackknife", 1979. The draws are the same each time.
    """
    names, drawn = _shares(study, resamples)
    if not names:
        return {}
    low, high = np.quantile(drawn, INTERVAL, axis=0)
    return dict(zip(names, zip(low.tolist(), high.tolist(), strict=True), strict=True))


def judged_by(study: StudyRecord) -> tuple[StudyRecord, int]:
    """The study that importances are computed of, in which pruned trials may count, and how many trials are scored."""
    scored = sum(trial.scored for trial in study.trials)
    if scored >= FEWEST:
        return study, scored
    return replace(study, trials=tuple(_at_last(study, trial) for trial in study.trials)), scored


def most_important(study: StudyRecord, most: int) -> list[str]:
    """The names of the hyperparameters that matter most and vary; where that is not known, the first ones."""
    shares = importances(judged_by(study)[0]) if study.trials else {}
    varying = [dimension.name for dimension in study.dimensions if dimension.varies]
    ranked = [name for name in shares if name in varying]
    return [*ranked, *(name for name in varying if name not in ranked)][:most]


def most_important_pair(study: StudyRecord) -> tuple[Dimension, Dimension] | None:
    """The two that matter most and vary side by side; None where fewer than two vary.

    One that is there for a single value of the other (momentum for one optimizer) does not vary beside it.
    """
    named = {dimension.name: dimension for dimension in study.dimensions}
    pairs = list(combinations((named[name] for name in most_important(study, len(named))), 2))
    return next((pair for pair in pairs if _side_by_side(study, *pair)), pairs[0] if pairs else None)


def _side_by_side(study: StudyRecord, one: Dimension, other: Dimension) -> bool:
    both = [(one.place(trial.params), other.place(trial.params)) for trial in study.trials]
    there = [(a, b) for a, b in both if a is not None and b is not None]
    return len({a for a, _ in there}) > 1 and len({b for _, b in there}) > 1


def _at_last(study: StudyRecord, trial: TrialRecord) -> TrialRecord:
    """A pruned trial as if it had ended with the value that it was stopped at; any other as it is."""
    last = trial.stopped_at(study.metric)
    return trial if last is None else replace(trial, state="COMPLETE", value=last)


def _shares(study: StudyRecord, resamples: int) -> tuple[list[str], Numbers]:
    """The names in the study's order, and [draw, name] shares; no resamples stand for the trials as they are."""
    trials = [trial for trial in study.trials if _usable(trial)]
    axes = [axis(dimension, trials) for dimension in study.dimensions]
    axes = [one for one in axes if (one.places >= 0).any()]
    if len(trials) < 2 or not axes:
        return [], np.zeros((0, 0))
    sign = -1.0 if study.direction == "maximize" else 1.0
    losses = np.array([sign * (trial.value or 0.0) for trial in trials])
    raw = [divergences(axes, losses)]
    if not raw[0].sum() > 0:
        return [], np.zeros((0, 0))
    if resamples:
        generator = np.random.default_rng(study.seed)
        raw = []
        for _ in range(resamples):
            chosen = generator.integers(len(trials), size=len(trials))
            again = [type(one)(one.name, one.places[chosen], one.size, one.ordered) for one in axes]
            raw.append(divergences(again, losses[chosen]))
    told = [found / found.sum() for found in raw if found.sum() > 0]
    return [one.name for one in axes], np.array(told or [np.zeros(len(axes))])


def _usable(trial: TrialRecord) -> bool:
    return trial.scored and trial.repeats is None and trial.value is not None and math.isfinite(trial.value)
