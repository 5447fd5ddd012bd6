"""A trial as the tracking record wants it told. The record itself is given; nothing of MLflow is known here."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal, Protocol

from hpsearch.events import EpochEnded, Scalar
from hpsearch.search.records import TrialRecord

RECONSTRUCTION = "reconstruction_error_"
Ending = Literal["FINISHED", "KILLED", "FAILED"]


class Record(Protocol):
    """Where a run is mirrored to. It never fails a trial and never makes one wait."""

    def recorded(self, kind: str, number: int) -> bool:
        """Whether such a record of this trial is in the outbox already."""

    def trial_started(self, number: int, params: Mapping[str, Scalar], tags: Mapping[str, str], at: float) -> None:
        """A trial is under way; `at` in Unix seconds."""

    def epoch(self, number: int, epoch: int, metrics: Mapping[str, float], at: float) -> None:
        """A trial's metrics after an epoch."""

    def trial_ended(
        self, number: int, status: Ending, metrics: Mapping[str, float], tags: Mapping[str, str], at: float
    ) -> None:
        """A trial has ended with MLflow's status FINISHED, KILLED or FAILED."""


def mirror_start(record: Record, trial: TrialRecord) -> None:
    """Tell that a trial began, unless it was told before."""
    if not record.recorded("trial_started", trial.number):
        tags = {"hpsearch.seed": str(trial.seed)}
        if trial.repeats is not None:
            tags["hpsearch.repeats"] = str(trial.repeats)
        if trial.known is not None:
            tags["hpsearch.known"] = trial.known
        record.trial_started(trial.number, trial.values, tags, trial.started.timestamp())


def mirror_end(record: Record, trial: TrialRecord) -> None:
    """Tell that a trial ended, unless it was told before."""
    if record.recorded("trial_ended", trial.number):
        return
    tags = {"hpsearch.state": str(trial.state)}
    if trial.failure:
        tags |= {"hpsearch.failure": trial.failure.value, "hpsearch.message": trial.message}
    if trial.diagnosis:
        tags |= {
            "hpsearch.verdict": trial.diagnosis[0].name,
            "hpsearch.diagnosis": ", ".join(finding.name for finding in trial.diagnosis),
            "mlflow.note.content": _note(trial),
        }
    metrics = {"seconds": trial.seconds or 0.0, "epochs": float(trial.history.epochs)}
    if trial.value is not None and math.isfinite(trial.value):
        metrics["value"] = trial.value
    metrics |= {name: float(cost) for name, cost in trial.costs.items()}
    if trial.failure is None:  # of the dev part's, MLflow has the same as the last of the series
        metrics |= {name: value for name, value in trial.objectives.items() if math.isfinite(value)}
    assert trial.ended is not None
    record.trial_ended(trial.number, mlflow_status(trial), metrics, tags, trial.ended.timestamp())


def mirror_whole(record: Record, trial: TrialRecord) -> None:
    """Tell all of a trial that ended before its record did, or that took its result over."""
    if not record.recorded("trial_ended", trial.number):
        mirror_epochs(record, trial)
        mirror_end(record, trial)


def mirror_epochs(record: Record, trial: TrialRecord) -> None:
    """Tell all epochs of a trial that ended before its record did."""
    for index, at in enumerate(trial.history.times):
        metrics = {name: values[index] for name, values in trial.history.metrics.items()}
        signals = trial.history.signals.get(index + 1, {})
        mirror_epoch(record, EpochEnded(trial.number, index + 1, metrics, at, 0.0, signals))


def mirror_epoch(record: Record, event: EpochEnded) -> None:
    """Tell an epoch: its metrics, and layer by layer what was measured of gradients and of pretraining, if finite."""
    layers = {f"gradient_norm/layer_{n}": norm for n, norm in enumerate(event.signals.get("gradient_norm", ()), 1)}
    for name, errors in event.signals.items():
        if name.startswith(RECONSTRUCTION) and errors:
            layers[f"reconstruction_error/layer_{name.removeprefix(RECONSTRUCTION)}"] = errors[-1]
    finite = {name: value for name, value in layers.items() if math.isfinite(value)}
    record.epoch(event.number, event.epoch, {**event.metrics, **finite}, event.time)


def _note(trial: TrialRecord) -> str:
    """The diagnosis as MLflow shows it on the run's page, in Markdown."""
    lines = [f"- **{f.name.replace('_', ' ')}**: {f.sentence} {f.advice}".rstrip() for f in trial.diagnosis]
    return "\n".join(lines)


def mlflow_status(trial: TrialRecord) -> Ending:
    """MLflow's word for how a finished trial ended: a diverged one is complete for the sampler but FAILED here."""
    if trial.failure or trial.state == "FAIL":
        return "FAILED"
    return "KILLED" if trial.state == "PRUNED" else "FINISHED"
