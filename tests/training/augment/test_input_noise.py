"""Gaussian noise on the inputs."""

from __future__ import annotations

import pytest
import torch

from hpsearch.training.augment.pipeline import Pipeline
from tests.training import trials
from tests.training.augment import augmented

DATA = trials.dataset(samples=900, features=37, dtype=torch.float64)


def test_input_noise_has_its_deviation() -> None:
    stack = augmented.stack(DATA, [{"input_noise": 0.5}, {"input_noise": 2.0}], batch=540)
    x, _ = augmented.step(Pipeline(stack), DATA, augmented.every_sample(DATA, 2))
    added = (x - DATA.train_x).flatten(1)
    assert added.std(1).tolist() == pytest.approx([0.5, 2.0], rel=0.02)
    assert added.mean(1).tolist() == pytest.approx([0, 0], abs=0.04)


@pytest.mark.parametrize("batch", [1, 3, 54])
def test_noise_is_a_function_of_the_place_in_the_epochs_order_whatever_the_batch_size(batch: int) -> None:
    everything = augmented.every_sample(DATA, 1)
    whole, _ = augmented.step(Pipeline(augmented.stack(DATA, [{"input_noise": 1.0}], batch=540)), DATA, everything)
    pipeline = Pipeline(augmented.stack(DATA, [{"input_noise": 1.0}], batch=batch))
    parts = [augmented.step(pipeline, DATA, part)[0] for part in torch.split(everything, batch, dim=1)]
    assert torch.equal(torch.cat(parts, 1), whole)
