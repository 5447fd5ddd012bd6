"""Mixing pairs of samples (Zhang et al., "mixup: Beyond Empirical Risk Minimization", ICLR 2018)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from hpsearch.training.augment.augmentation import Augmentation, Batch
from hpsearch.training.noise import Purpose
from hpsearch.training.stack import Stack


class Mixup(Augmentation):
    """x ← λ x + (1 - λ) x', and the loss is λ loss(y) + (1 - λ) loss(y').

    λ is drawn for each sample from Beta(strength, strength) and then max(λ, 1 - λ), so that y stays the label that
    accuracy is measured against. The partner stands at the mirrored place of the mini-batch, whose order is random;
    a sample that is its own partner (the one in the middle, a batch of one) stays as it is.
    """

    purpose = Purpose.MIXUP

    def __init__(self, stack: Stack, strengths: Sequence[float]) -> None:
        super().__init__(stack, strengths)
        samples = len(self.program.data.train_y)
        pairs = zip(self.streams, self.strengths, strict=True)
        shares = [stream.beta(alpha, alpha, samples) for stream, alpha in pairs]
        self._shares = self.table([np.maximum(share, 1 - share) for share in shares])

    def apply(self, batch: Batch) -> None:
        x, y = batch.x[self.rows], batch.targets[0]
        drawn = self.look_up(self._shares, batch)
        share = drawn.view(*drawn.shape, *[1] * (x.dim() - 2))
        batch.x[self.rows] = share * x + (1 - share) * x.flip(1)
        batch.targets = [y, *self._partners(y, drawn)]

    def _partners(self, y: Tensor, drawn: Tensor) -> tuple[Tensor, Tensor]:
        """Second targets and the first ones' shares, [trial, sample]; y itself and exactly 1 in the other trials."""
        other, share = y.clone(), drawn.new_ones(y.shape)
        other[self.rows], share[self.rows] = y[self.rows].flip(1), drawn
        return other, share
