"""What MLflow holds of a study, counted by reading it back."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Counts:
    """Runs of one study in MLflow. All but `parents` and `not_sent` count the runs of trials."""

    parents: int = 0
    children: int = 0
    finished: int = 0
    killed: int = 0
    failed: int = 0
    running: int = 0
    scheduled: int = 0
    with_params: int = 0
    with_epochs: int = 0
    """Trials with at least one metric that was recorded epoch by epoch."""
    not_sent: int = 0
    """Things that MLflow would not take or that had vanished; the mirror's log names each."""
