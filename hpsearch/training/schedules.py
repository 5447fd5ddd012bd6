"""Learning-rate decay: each takes the trial's configuration and an epoch from 1, and returns a factor.

Epochs are counted from the end of the warm-up, which stands in front of any of them.
"""

from __future__ import annotations

import math

from hpsearch import registry
from hpsearch.training.config import Config


def learning_rate(config: Config, epoch: int) -> float:
    """The learning rate of an epoch from 1: rising in equal steps through the warm-up, then as `lr_decay` says."""
    if epoch <= config.warmup_epochs:
        return config.learning_rate * epoch / (config.warmup_epochs + 1)
    factor: float = registry.load("lr_decay", config.lr_decay)(config, epoch - config.warmup_epochs)
    return config.learning_rate * factor


def none(config: Config, epoch: int) -> float:
    """Constant: 1."""
    return 1.0


def step(config: Config, epoch: int) -> float:
    """`decay_rate` to the power of how often `decay_epochs` epochs have passed."""
    return config.decay_rate ** ((epoch - 1) // config.decay_epochs)


def exponential(config: Config, epoch: int) -> float:
    """`decay_rate` to the power of the epochs passed."""
    return config.decay_rate ** (epoch - 1)


def cosine(config: Config, epoch: int) -> float:
    """½ (1 + cos(π t / T)) after t of T epochs (Loshchilov and Hutter, "SGDR", ICLR 2017, without restarts)."""
    last = max(1, config.epochs - config.warmup_epochs)
    return 0.5 * (1 + math.cos(math.pi * (epoch - 1) / last))
