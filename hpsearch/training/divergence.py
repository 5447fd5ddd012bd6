"""Trials whose loss has left all bounds, found within the epoch.

A mini-batch's loss is never negative, so the sum over an epoch stays beyond a bound, or stops being a number, for good.
It is looked at after fixed steps: what is found, and what is recorded of it, is then a function of the trial alone,
though its neighbours may train the epoch to its end. No PyTorch at import time: the diagnosis knows the bound too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

EVERY = 32  # steps between two looks, each of which waits for the device
MOST_LOSS = 1e6  # nats, or standardised squared errors: a thousand standard deviations beside the truth


class Divergence:
    """Watches the trials of a stack through one epoch. `rows` are those that have diverged so far."""

    def __init__(self) -> None:
        self._told: dict[int, tuple[float, float]] = {}

    @property
    def rows(self) -> list[int]:
        return sorted(self._told)

    def all_gone(self, step: int, steps: int, loss: Tensor, hits: Tensor) -> bool:
        """Look after a step, counted from 1, where that is due. Returns whether no trial is left.

        `loss` [trial] and `hits` [trial] are sums over the steps so far.
        """
        if step % EVERY and step != steps:
            return False
        means = zip((loss / step).tolist(), (hits.double() / step).tolist(), strict=True)
        for row, (mean, right) in enumerate(means):
            if row not in self._told and (not math.isfinite(mean) or mean > MOST_LOSS):
                self._told[row] = mean, right
        return len(self._told) == len(loss)

    def means(self, steps: int, loss: Tensor, hits: Tensor) -> tuple[Tensor, Tensor]:
        """Mean loss and hits of a step, float64: over all steps, or up to the look at which a trial had diverged."""
        loss, hits = loss / steps, hits.double() / steps
        for row, (mean, right) in self._told.items():
            loss[row], hits[row] = mean, right
        return loss, hits

    def without(self, scores: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Scores [trial] that say nothing of trials that have diverged."""
        kept = {name: score.clone() for name, score in scores.items()}
        for score in kept.values():
            score[self.rows] = math.nan
        return kept


def divergence(metrics: Mapping[str, float]) -> str | None:
    """What is wrong with the losses of an epoch, in words; None where the trial may go on."""
    train, dev = metrics.get("train_loss", 0.0), metrics.get("dev_loss", 0.0)
    if not math.isfinite(train):
        return "train loss was no longer finite"
    if train > MOST_LOSS:
        return f"train loss rose above {MOST_LOSS:.0e}"
    return None if math.isfinite(dev) else "dev loss was no longer finite"
