"""Which checkpoint belongs to which trial under way."""

from __future__ import annotations

import logging
import time
from functools import cached_property
from typing import Protocol

from torch import Tensor

from hpsearch.execution.executor import Job
from hpsearch.execution.under_way import UnderWay
from hpsearch.training import checkpoint, network_files
from hpsearch.training.config import Config
from hpsearch.training.data.arrays import Dataset
from hpsearch.training.program import Program

log = logging.getLogger("hpsearch")


class Keeper(Protocol):
    """Who takes networks and checkpoints, as far as there is room."""

    def put_network(self, number: int, last: dict[str, Tensor], best: dict[str, Tensor] | None) -> None:
        """Save a trained network, and that of the best epoch where it is another."""

    def put_checkpoint(self, number: int, *parts: bytes | memoryview) -> bool:
        """Save a checkpoint in place of an earlier one; False where the budget, or the disk, has no room for it."""


class Checkpoints:
    """Finds and puts the checkpoints of a job's trials."""

    def __init__(self, job: Job, data: Dataset, keeper: Keeper) -> None:
        self._job, self._data, self._keeper = job, data, keeper

    def find(self, number: int, seed: int, config: Config, program: Program) -> checkpoint.Checkpoint | None:
        """What a trial can go on from, if there is anything."""
        file = network_files.checkpoint(self._job.weights, number)
        if not file.exists():
            return None
        return checkpoint.read(file, self._identity(config, seed), program, number, seed, config)

    def put(self, trial: UnderWay) -> None:
        """Save a trial that has got further since the last time. Whatever stands in the way, the trial goes on."""
        trial.saved_at = time.monotonic()
        if trial.epoch <= trial.saved:
            return
        now = checkpoint.Checkpoint(trial.state, trial.past, trial.best)
        try:
            parts = checkpoint.encode(now, self._identity(trial.config, trial.seed))
        except Exception as error:  # want of memory, a device that is gone
            log.warning("trial %d: no checkpoint: %s", trial.number, error)
            return
        if self._keeper.put_checkpoint(trial.number, *parts):
            trial.saved = trial.epoch

    def _identity(self, config: Config, seed: int) -> str:
        objective = self._job.metric, self._job.direction
        network = f"{self._job.model} in {self._job.precision}"
        return checkpoint.identity(config, seed, network, objective, self._content)

    @cached_property
    def _content(self) -> str:
        # Only where a checkpoint is read or written: a large dataset takes a second.
        return checkpoint.content_digest(self._data)
