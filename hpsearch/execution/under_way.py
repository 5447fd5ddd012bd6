"""One trial that an executor has taken on: what it has trained, and what it has told of that."""

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
    """`state` is None until the first step; `limit` is the largest stack that the trial may train in.

    `past` holds all epochs that are known, `told` says how many of them are told; after a new beginning `past`
    may be ahead of `state`. `saved` is the epoch of the last checkpoint, `saved_at` its monotonic time;
    `waiting` are seconds of work that no epoch's event accounts for yet.
    """

    number: int
    seed: int
    config: Config
    signature: Signature
    tick: int
    until: int
    limit: int
    state: TrialState | None = None
    stack: Stack | None = None
    past: list[EpochEnded] = field(default_factory=list)
    told: int = 0
    ended: bool = False
    best: Best | None = None
    saved: int = 0
    saved_at: float = field(default_factory=time.monotonic)
    waiting: float = 0.0

    @property
    def epoch(self) -> int:
        """How many epochs are trained."""
        return 0 if self.state is None else self.state.epoch

    @property
    def ready(self) -> bool:
        """Whether it may train one more epoch."""
        return self.epoch < self.until

    def take_up(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint."""
        self.state, self.best, self.saved = checkpoint.state, checkpoint.best, checkpoint.state.epoch
        self.past += checkpoint.past[len(self.past) :]

    def hear(self, event: EpochEnded, metric: str, direction: str) -> None:
        """Take note of an epoch that was trained just now."""
        if event.epoch > len(self.past):
            self.past.append(event)
        value, state = event.metrics[metric], self.state
        assert state is not None
        if math.isnan(value):
            return
        if self.best is None:
            self.best = Best(event.epoch, value, state.parameters.clone(), state.buffers.clone())
        elif better(direction, value, self.best.value):
            self.best.epoch, self.best.value = event.epoch, value
            self.best.parameters.copy_(state.parameters)
            self.best.buffers.copy_(state.buffers)

    def tell(self) -> list[EpochEnded]:
        """The epochs that are known, allowed and not told yet."""
        first, self.told = self.told, max(self.told, min(self.until, len(self.past)))
        return self.past[first : self.told]

    def networks(self, program: Program, metric: str) -> tuple[dict[str, Tensor], dict[str, Tensor] | None]:
        """The state dict after the last epoch, and that of the best epoch where its value is another."""
        state, best = self.state, self.best
        assert state is not None
        last = program.named_weights(state.parameters, state.buffers)
        if best is None or best.value == self.past[-1].metrics[metric]:
            return last, None
        return last, program.named_weights(best.parameters, best.buffers)
