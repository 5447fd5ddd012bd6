"""Gaussian noise, added to every number of every sample."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch

from hpsearch.training.augment.augmentation import Augmentation, Batch
from hpsearch.training.noise import Purpose
from hpsearch.training.stack import Stack


class InputNoise(Augmentation):
    """Noise of standard deviation `strength`, in the units of the normalised data.

    A trial's stream is read along the epoch's order, sample after sample, whatever the batch size; and that order
    is a function of (seed, epoch), so each sample's noise is a function of (seed, epoch, index). Drawing it by
    index instead would take memory for a whole training part, or a generator for each sample.
    """

    purpose = Purpose.INPUT_NOISE

    def __init__(self, stack: Stack, strengths: Sequence[float]) -> None:
        super().__init__(stack, strengths)
        size = self.program.batch * math.prod(self.program.data.inputs)
        self._normal = np.empty((len(self.rows), size), dtype=np.float32)
        self._sigma = torch.tensor(self.strengths, dtype=self.program.dtype, device=self.program.device)[:, None]

    def apply(self, batch: Batch) -> None:
        for row, stream in zip(self._normal, self.streams, strict=True):
            stream.standard_normal(dtype=np.float32, out=row)
        noise = torch.from_numpy(self._normal).to(self.program.device, self.program.dtype) * self._sigma
        batch.x.index_add_(0, self.rows, noise.view(-1, *batch.x.shape[1:]))
