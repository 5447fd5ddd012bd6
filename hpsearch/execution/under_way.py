"""One trial whose network is here: its state, its best epoch's network, and what it has trained."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

from torch import Tensor

from hpsearch.declarations import better
from hpsearch.events import EpochEnded
from hpsearch.training.checkpoint import Best, Checkpoint
from hpsearch.training.config import Config, Signature
from hpsearch.training.program import Program
from hpsearch.training.stack import Stack
from hpsearch.training.state import TrialState


@dataclass(slots=True, eq=False)
class UnderWay:
    """`past` holds an event for each trained epoch. `saved` is the epoch of the last checkpoint, `saved_at` its
    monotonic time; `waiting` are seconds of work that no epoch's event accounts for yet.
    """

    number: int
    seed: int
    config: Config
    signature: Signature
    state: TrialState
    stack: Stack | None = None
    past: list[EpochEnded] = field(default_factory=list)
    best: Best | None = None
    saved: int = 0
    saved_at: float = field(default_factory=time.monotonic)
    waiting: float = 0.0

    @property
    def epoch(self) -> int:
        """How many epochs are trained."""
        return self.state.epoch

    @property
    def over(self) -> bool:
        """Whether all epochs are trained."""
        return self.state.epoch == self.config.epochs

    def take_up(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint."""
        self.state, self.best, self.saved = checkpoint.state, checkpoint.best, checkpoint.state.epoch
        self.past = list(checkpoint.past)

    def hear(self, event: EpochEnded, metric: str, direction: str) -> None:
        """Take note of an epoch that was trained just now."""
        self.past.append(event)
        value, state = event.metrics[metric], self.state
        if math.isnan(value):
            return
        if self.best is None:
            self.best = Best(event.epoch, value, state.parameters.clone(), state.buffers.clone())
        elif better(direction, value, self.best.value):
            self.best.epoch, self.best.value = event.epoch, value
            self.best.parameters.copy_(state.parameters)
            self.best.buffers.copy_(state.buffers)

    def networks(self, program: Program, metric: str) -> tuple[dict[str, Tensor], dict[str, Tensor] | None]:
        """The state dict after the last epoch, and that of the best epoch where its value is another."""
        state, best = self.state, self.best
        last = program.named_weights(state.parameters, state.buffers)
        if best is None or best.value == self.past[-1].metrics[metric]:
            return last, None
        return last, program.named_weights(best.parameters, best.buffers)
