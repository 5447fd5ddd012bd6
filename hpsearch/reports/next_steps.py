"""What to do next, from everything the study shows: a few sentences, the most pressing first."""

from __future__ import annotations

from collections import Counter

from hpsearch.reports.certainty import lead
from hpsearch.reports.edges import edges
from hpsearch.reports.words import label
from hpsearch.search.importance import FEWEST, importances, judged_by
from hpsearch.search.records import StudyRecord, TrialRecord

LATE = 0.2  # an improvement in the last fifth of the trials says that the search has not levelled off
MANY = 0.25  # a share of trials with the same trouble that asks for something
NOTHING = 0.02  # a hyperparameter with less of the importance can be fixed
BEST = 10  # trials whose diagnosis is asked


def next_steps(study: StudyRecord) -> tuple[str, ...]:
    """Sentences in the order in which they are worth doing."""
    ended = [trial for trial in study.trials if trial.finished]
    if not ended:
        return ()
    steps = [*_failures(ended), *(edge.sentence for edge in edges(study) if edge.wider), *_best(study)]
    steps += _sure(study)
    steps += _late(study, ended)
    steps += _fixed(study)
    return tuple(steps)


def _failures(ended: list[TrialRecord]) -> list[str]:
    classes = Counter(trial.failure.value for trial in ended if trial.failure is not None)
    return [
        f"{count:,} of {len(ended):,} trials ended as {label(name)}: see what failed, and why, before anything else."
        for name, count in classes.most_common()
        if count >= MANY * len(ended)
    ]


def _best(study: StudyRecord) -> list[str]:
    """What most of the best trials have in common: still improving, overfitting or not learning."""
    best = [trial for trial in study.ranked[:BEST] if trial.diagnosis]
    told = []
    for name in ("suspicious", "not_learning", "overfitting", "still_improving"):
        found = [finding for trial in best for finding in trial.diagnosis if finding.name == name]
        if found and len(found) * 2 > len(best):
            who = "The best trial" if len(best) == 1 else f"{len(found)} of the {len(best)} best trials"
            told.append(f"{who}: {label(name)}. {found[0].advice}")
    return told


def _sure(study: StudyRecord) -> list[str]:
    ahead = lead(study)
    if ahead is None or ahead.sure or not ahead.median:  # where half are as good, nothing leads
        return []
    return ["Train the best few again with other seeds before you trust the winner: its lead may be chance."]


def _late(study: StudyRecord, ended: list[TrialRecord]) -> list[str]:
    best = study.best
    if best is None:
        return []
    numbers = [trial.number for trial in ended]
    later = sum(number > best.number for number in numbers)
    if len(numbers) >= FEWEST and later < LATE * len(numbers):
        return [f"The best value came late, in trial {best.number}: more trials are likely to find a better one."]
    if len(numbers) >= FEWEST and later >= 0.6 * len(numbers):
        return [f"Nothing better came in the last {later:,} trials: more of the same search is not likely to help."]
    return []


def _fixed(study: StudyRecord) -> list[str]:
    judged, scored = judged_by(study)
    if scored < 5 * FEWEST:
        return []
    idle = [label(name) for name, share in importances(judged).items() if share < NOTHING]
    return [f"Hardly mattered, and may be fixed to the best trial's value: {', '.join(idle)}."] if idle else []
