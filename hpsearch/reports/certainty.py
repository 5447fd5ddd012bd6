"""How sure the winner is: whether its lead is more than chance in a dev part of that size would make."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from statistics import median

from hpsearch.reports.words import label, number
from hpsearch.search.records import StudyRecord, TrialRecord

SURE = 2.0  # standard errors
SHARES = ("dev_accuracy",)  # metrics that are shares of the dev part's samples
LAST = 5  # epochs from which a curve's own wobble is taken


@dataclass(frozen=True, slots=True)
class Lead:
    """How far the best scored trial is ahead of the second and of the median, in the metric's own unit.

    `noise` is the standard error of a difference of two values, and `source` says where it is from: "samples" of the
    dev part, "epochs" at the end of the best curve, or "" where it is not known. `of` counts the scored trials.
    """

    second: float
    median: float
    noise: float | None
    source: str
    of: int

    @property
    def sure(self) -> bool | None:
        """Whether the lead is more than chance; None where chance is not known.

        A curve that stands still says nothing of other seeds; one that wobbles more than the lead says enough.
        """
        if self.noise is None or self.second == 0:
            return None if self.second else False
        if self.second < SURE * self.noise:
            return False
        return True if self.source == "samples" else None

    def sentences(self, metric: str) -> list[str]:
        """The lead and how sure it is, in words."""
        ahead = f"It is {number(self.second, 3)} ahead of the second" if self.second else "The second is as good"
        middle = f"{number(self.median, 3)} better than" if self.median else "so is"
        found = [f"{ahead} and {middle} the median of {self.of:,} finished trials."]
        by = {"samples": "a dev part of that size allows", "epochs": "its own curve wobbles from epoch to epoch"}
        if self.sure is None or self.noise is None:
            found.append("How much of that is chance cannot be told from one seed each.")
        elif self.sure:
            found.append(f"That is more than chance: two standard errors are {number(SURE * self.noise, 2)}.")
        else:
            found.append(
                f"That is not sure: {label(metric)} may differ by {number(SURE * self.noise, 2)} by chance "
                f"(two standard errors, as much as {by[self.source]})."
            )
        return found


def lead(study: StudyRecord) -> Lead | None:
    """The winner's lead; None where fewer than two trials have a value."""
    best = study.best
    scored = [trial for trial in study.trials if trial.scored and trial.value is not None]
    if best is None or best.value is None or len(scored) < 2:
        return None
    others = [trial for trial in scored if trial.number != best.number]
    values = [trial.value for trial in others if trial.value is not None]
    second = max(values) if study.direction == "maximize" else min(values)
    middle = median([*values, best.value])
    noise, source = _noise(study, best, second)
    return Lead(abs(best.value - second), abs(best.value - middle), noise, source, len(scored))


def _noise(study: StudyRecord, best: TrialRecord, second: float) -> tuple[float | None, str]:
    samples = best.history.signals.get(1, {}).get("dev_samples", ())
    if study.metric in SHARES and samples and samples[0] >= 1 and best.value is not None:
        variance = sum(value * (1 - value) for value in (best.value, second) if 0 <= value <= 1)
        return math.sqrt(variance / samples[0]), "samples"
    curve = best.history.metrics.get(study.metric, [])[-LAST:]
    steps = [after - before for before, after in itertools.pairwise(curve)]
    if len(steps) < LAST - 1 or not all(math.isfinite(step) for step in steps):
        return None, ""
    # Each step is the difference of two values, as is the lead.
    return math.sqrt(sum(step * step for step in steps) / len(steps)), "epochs"
