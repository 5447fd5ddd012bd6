"""How much each hyperparameter mattered for reaching the best tenth of the values, and how sure that is."""

from __future__ import annotations

import math

import numpy as np

from hpsearch.search.ped_anova import Numbers, axis, divergences
from hpsearch.search.records import StudyRecord, TrialRecord

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
