"""The verdict at the head of the page: which trial won, how the others fared, and how long it took."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from hpsearch.reports.failures import FailureClass, failure_classes, has_failed
from hpsearch.reports.words import duration, label, number, scalar
from hpsearch.search.records import StudyRecord, TrialRecord


@dataclass(frozen=True, slots=True)
class Summary:
    """Words and numbers for the head. `counts` are (what, how many), without the zeros but the first two.

    `diagnosis` has a name and a sentence for each finding about the best trial.
    """

    verdict: str
    best: int | None
    value: str
    searched: tuple[tuple[str, str], ...]
    fixed: tuple[tuple[str, str], ...]
    diagnosis: tuple[tuple[str, str], ...]
    counts: tuple[tuple[str, int], ...]
    ended: int
    elapsed: str
    training: str
    failures: tuple[FailureClass, ...]


def summarise(study: StudyRecord) -> Summary:
    """The summary of a study, finished or not."""
    best = study.best
    ended = sum(trial.finished for trial in study.trials)
    params = {} if best is None else best.params
    values = {} if best is None else best.values
    return Summary(
        verdict=_verdict(study, best),
        best=None if best is None else best.number,
        value="" if best is None or best.value is None else number(best.value),
        searched=tuple((label(name), scalar(value)) for name, value in params.items()),
        fixed=tuple((label(name), scalar(value)) for name, value in values.items() if name not in params),
        diagnosis=() if best is None else tuple((label(found.name), found.sentence) for found in best.diagnosis),
        counts=_counts(study),
        ended=ended,
        elapsed=_elapsed(study),
        training=duration(sum(trial.seconds or 0.0 for trial in study.trials)),
        failures=failure_classes(study),
    )


def _verdict(study: StudyRecord, best: TrialRecord | None) -> str:
    if best is not None and best.value is not None:
        return f"Trial {best.number} is the best: {label(study.metric)} {number(best.value)}.{_front(study)}"
    if not study.trials:
        return "No trial has started yet."
    if any(trial.state in ("RUNNING", "WAITING") for trial in study.trials):
        return "No trial has finished with a value yet."
    return "No trial finished with a value."


def _front(study: StudyRecord) -> str:
    if not study.objectives:
        return ""
    count, names = len(study.front), " and ".join(label(metric) for metric, _ in study.objectives)
    return f" {count} trial{' is' if count == 1 else 's are'} on the front of {names}."


def _counts(study: StudyRecord) -> tuple[tuple[str, int], ...]:
    kinds = Counter(_kind(trial) for trial in study.trials)
    always = ("complete", "pruned", "failed")
    shown = (*always, *(kind for kind in ("running", "waiting") if kinds[kind]))
    return tuple((kind, kinds[kind]) for kind in shown)


def _kind(trial: TrialRecord) -> str:
    if has_failed(trial):
        return "failed"
    return trial.state.lower()


def _elapsed(study: StudyRecord) -> str:
    """From the first start to the last end."""
    ends = [trial.ended for trial in study.trials if trial.ended is not None]
    if not ends:
        return "—"
    start = min(trial.started for trial in study.trials)
    return duration(max(0.0, (max(ends) - start).total_seconds()))
