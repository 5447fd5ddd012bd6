"""One trial between two epochs: all that its next epoch depends on."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor

from hpsearch import registry
from hpsearch.events import Signals
from hpsearch.training.config import Config
from hpsearch.training.optimizers import Optimizer
from hpsearch.training.program import Program


@dataclass(slots=True)
class TrialState:
    """`parameters` [parameter], `buffers` [buffer], `moments` [slot, parameter]; `epoch` epochs are done.

    `signals` is what was measured inside the network in the last epoch, or before the first one.
    """

    number: int
    seed: int
    config: Config
    epoch: int
    parameters: Tensor
    buffers: Tensor
    moments: Tensor
    signals: Signals = field(default_factory=dict)

    @property
    def optimizer(self) -> Optimizer:
        rule: Optimizer = registry.load("optimizer", self.config.optimizer)
        return rule


def begin(program: Program, number: int, seed: int, config: Config) -> TrialState:
    """A trial before its first epoch."""
    parameters, buffers, signals = program.initial(seed, config)
    rule: Optimizer = registry.load("optimizer", config.optimizer)
    moments = parameters.new_zeros(rule.slots, parameters.numel())
    return TrialState(number, seed, config, 0, parameters, buffers, moments, signals)
