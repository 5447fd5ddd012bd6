"""The verdict at the head of the page: which trial won, how the others fared, and how long it took."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal, cast

from hpsearch.reports.certainty import lead
from hpsearch.reports.failures import has_failed
from hpsearch.reports.next_steps import next_steps
from hpsearch.reports.words import counted, duration, label, number, scalar, tally
from hpsearch.search.records import StudyRecord, TrialRecord

Kind = Literal["complete", "pruned", "failed", "running", "waiting"]


@dataclass(frozen=True, slots=True)
class Summary:
    """Words and numbers for the head. `counts` are (what, how many), without the zeros but the first two.

    `lead` says in sentences how far the best one is ahead and how sure that is, `cost` what the search took, `steps`
    what to do next. `diagnosis` has a name and a sentence for each finding about the best trial.
    """

    verdict: str
    lead: tuple[str, ...]
    cost: str
    steps: tuple[str, ...]
    best: int | None
    value: str
    searched: tuple[tuple[str, str], ...]
    fixed: tuple[tuple[str, str], ...]
    diagnosis: tuple[tuple[str, str], ...]
    counts: tuple[tuple[str, int], ...]
    ended: int
    elapsed: str
    training: str


def summarise(study: StudyRecord) -> Summary:
    """The summary of a study, finished or not."""
    best = study.best
    ended = sum(trial.finished for trial in study.trials)
    params = {} if best is None else best.params
    values = {} if best is None else best.values
    return Summary(
        verdict=_verdict(study, best),
        lead=() if (ahead := lead(study)) is None else tuple(ahead.sentences(study.metric)),
        cost=_cost(study, ended),
        steps=next_steps(study),
        best=None if best is None else best.number,
        value="" if best is None or best.value is None else number(best.value),
        searched=tuple((label(name), scalar(value)) for name, value in params.items()),
        fixed=tuple((label(name), scalar(value)) for name, value in values.items() if name not in params),
        diagnosis=() if best is None else tuple((label(found.name), found.sentence) for found in best.diagnosis),
        counts=_counts(study),
        ended=ended,
        elapsed=_elapsed(study),
        training=duration(sum(trial.seconds or 0.0 for trial in study.trials)),
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


def _cost(study: StudyRecord, ended: int) -> str:
    """Trials, epochs, time, and how busy the devices were, in one sentence."""
    if not ended:
        return ""
    epochs = sum(trial.history.epochs for trial in study.trials)
    parts = [f"{counted(ended, 'trial')}, {counted(epochs, 'epoch')}"]
    elapsed = _elapsed(study)
    if elapsed != "—":
        parts.append(f"{elapsed} from the first start to the last end")
    effort = study.effort or {}
    if isinstance(effort.get("busy"), float) and effort.get("devices"):
        parts.append(f"{tally(map(str, effort['devices']))} computing {effort['busy']:.0%} of the last run")
    return f"It took {'; '.join(parts)}."


def _counts(study: StudyRecord) -> tuple[tuple[str, int], ...]:
    kinds = Counter(kind(trial) for trial in study.trials)
    always: tuple[Kind, ...] = ("complete", "pruned", "failed")
    rest: tuple[Kind, ...] = ("running", "waiting")
    return tuple((name, kinds[name]) for name in (*always, *(name for name in rest if kinds[name])))


def kind(trial: TrialRecord) -> Kind:
    """How a trial ended, or whether it is under way; a diverged one has failed."""
    if has_failed(trial):
        return "failed"
    return cast(Kind, trial.state.lower())


def _elapsed(study: StudyRecord) -> str:
    """From the first start to the last end."""
    ends = [trial.ended for trial in study.trials if trial.ended is not None]
    if not ends:
        return "—"
    start = min(trial.started for trial in study.trials)
    return duration(max(0.0, (max(ends) - start).total_seconds()))
