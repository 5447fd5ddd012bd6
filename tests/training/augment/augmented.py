"""One step's samples as the augmentations of a stack change them, for tests."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from hpsearch.training.augment.pipeline import Pipeline
from hpsearch.training.data.arrays import Dataset
from hpsearch.training.stack import Stack
from tests.training import trials


def stack(data: Dataset, own: list[dict[str, Any]], seeds: list[int] | None = None, batch: int = 8) -> Stack:
    """One trial for each dictionary of values, in a stack in which no trial has trained yet."""
    program = trials.program({"batch_size": batch}, data)
    seeds = seeds or [100 + n for n in range(len(own))]
    states = [
        trials.start(program, seed, values | {"batch_size": batch}, n)
        for n, (values, seed) in enumerate(zip(own, seeds, strict=True))
    ]
    return Stack(program, states)


def step(pipeline: Pipeline, data: Dataset, chosen: Tensor) -> tuple[Tensor, list[Tensor]]:
    """The next step's samples x [trial, sample, ...] and targets, for `chosen` [trial, sample]."""
    return pipeline.apply(data.train_x[chosen], data.train_y[chosen], chosen)


def every_sample(data: Dataset, trials_in_stack: int) -> Tensor:
    """Indices [trial, sample] of the whole training part."""
    return torch.arange(len(data.train_y)).expand(trials_in_stack, -1)
