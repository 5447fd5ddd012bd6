"""The table of trials, for the report and for Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hpsearch.reports.words import label
from hpsearch.search.records import Dimension, StudyRecord, TrialRecord

if TYPE_CHECKING:
    import pandas as pd

FIXED = ("repeats", "number", "state", "value", "failure", "diagnosis", "epochs", "seconds", "started", "seed")


def table(study: StudyRecord) -> pd.DataFrame:
    """One row a trial, in the study's order; one column a fact, then one a searched hyperparameter.

    `diagnosis` names all that was found, the verdict first, `epochs` counts the epochs trained, `seconds` the time of
    training them. Other objectives, and what is counted of a network, have columns behind `value`. What is not there
    is missing (NaN, NA or None): the value of a pruned trial, a hyperparameter that was inactive. Where results were
    taken over, `repeats` says of which trial.
    """
    import pandas as pd  # half a second of imports that a report does without

    trials = study.trials
    columns: dict[str, pd.Series] = {
        "number": pd.Series([trial.number for trial in trials], dtype="int64"),
        "state": pd.Series([trial.state for trial in trials], dtype=object),
        "value": pd.Series([trial.value for trial in trials], dtype="float64"),
        **{name: pd.Series([beside(trial, name) for trial in trials], dtype="float64") for name in also(study)},
        "failure": pd.Series(
            [None if trial.failure is None else trial.failure.value for trial in trials], dtype=object
        ),
        "diagnosis": pd.Series([diagnosis_of(trial) for trial in trials], dtype=object),
        "epochs": pd.Series([trial.history.epochs for trial in trials], dtype="int64"),
        "seconds": pd.Series([trial.seconds for trial in trials], dtype="float64"),
        "started": pd.Series(pd.to_datetime([trial.started for trial in trials])),
        "seed": pd.Series([trial.seed for trial in trials], dtype=object),
    }
    if any(not trial.trained for trial in trials):
        columns["repeats"] = pd.Series([taken_from(trial) for trial in trials], dtype=object)
    for dimension in study.dimensions:
        values = [trial.params.get(dimension.name) for trial in trials]
        columns[column(dimension.name)] = pd.Series(values, dtype=_dtype(dimension))
    return pd.DataFrame(columns)


def also(study: StudyRecord) -> tuple[str, ...]:
    """What trials have beside their value: the other objectives, and costs of their networks where these differ."""
    met: dict[str, set[int]] = {}
    for trial in study.trials:
        for name, cost in trial.costs.items():
            met.setdefault(name, set()).add(cost)
    counted = [name for name, different in met.items() if len(different) > 1]
    return tuple(dict.fromkeys(name for name in (*dict(study.objectives), *counted) if name != study.metric))


def beside(trial: TrialRecord, name: str) -> float | None:
    """A trial's value of another objective, or a cost of its network, which is known before it ends."""
    return trial.costs.get(name, trial.objectives.get(name))


def taken_from(trial: TrialRecord) -> str | None:
    return trial.known if trial.repeats is None else f"trial {trial.repeats}"


def diagnosis_of(trial: TrialRecord) -> str | None:
    return ", ".join(label(finding.name) for finding in trial.diagnosis) or None


def column(name: str) -> str:
    """The column of a searched hyperparameter: its name, or its path in the study file if that is taken."""
    return f"hyperparameters.{name}" if name in FIXED else name


def _dtype(dimension: Dimension) -> str:
    if dimension.options is not None:
        return "object"
    return "Int64" if dimension.integer else "float64"
