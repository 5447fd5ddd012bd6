"""Which checkpoint belongs to which trial under way."""

from __future__ import annotations

import logging
import time
from functools import cached_property

from hpsearch.execution.executor import Job
from hpsearch.execution.shelf import Shelf
from hpsearch.execution.under_way import UnderWay
from hpsearch.training import checkpoint, network_files
from hpsearch.training.data.arrays import Dataset
from hpsearch.training.program import Program

log = logging.getLogger("hpsearch")


class Checkpoints:
    """Finds and puts the checkpoints of a job's trials."""

    def __init__(self, job: Job, data: Dataset, shelf: Shelf) -> None:
        self._job, self._data, self._shelf = job, data, shelf

    def find(self, trial: UnderWay, program: Program) -> checkpoint.Checkpoint | None:
        """What a trial can go on from, if there is anything."""
        file = network_files.checkpoint(self._job.weights, trial.number)
        if not file.exists():
            return None
        return checkpoint.read(file, self._identity(trial), program, trial.number, trial.seed, trial.config)

    def put(self, trial: UnderWay) -> None:
        """Save a trial that has got further since the last time. Whatever stands in the way, the trial goes on."""
        trial.saved_at = time.monotonic()
        if trial.state is None or trial.epoch <= trial.saved:
            return
        now = checkpoint.Checkpoint(trial.state, trial.past[: trial.epoch], trial.best)
        try:
            parts = checkpoint.encode(now, self._identity(trial))
        except Exception as error:  # want of memory, a device that is gone
            log.warning("trial %d: no checkpoint: %s", trial.number, error)
            return
        if self._shelf.put_checkpoint(trial.number, *parts):
            trial.saved = trial.epoch

    def _identity(self, trial: UnderWay) -> str:
        objective = self._job.metric, self._job.direction
        network = f"{self._job.model} in {self._job.precision}"
        return checkpoint.identity(trial.config, trial.seed, network, objective, self._content)

    @cached_property
    def _content(self) -> str:
        # Only where a checkpoint is read or written: a large dataset takes a second.
        return checkpoint.content_digest(self._data)
