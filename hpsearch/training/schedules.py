"""Learning-rate decay: each takes the trial's configuration and an epoch from 1, and returns a factor."""

from __future__ import annotations

from hpsearch.training.config import Config


def none(config: Config, epoch: int) -> float:
    """Constant: 1."""
    return 1.0


def step(config: Config, epoch: int) -> float:
    """`decay_rate` to the power of how often `decay_epochs` epochs have passed."""
    return config.decay_rate ** ((epoch - 1) // config.decay_epochs)


def exponential(config: Config, epoch: int) -> float:
    """`decay_rate` to the power of the epochs passed."""
    return config.decay_rate ** (epoch - 1)
