"""LeNet: the layers of the paper, small images too, and one line where it can't be built."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from hpsearch.errors import InputError
from hpsearch.training.config import configure
from hpsearch.training.models import lenet


def network(inputs: tuple[int, ...] = (1, 28, 28), outputs: int = 10, **values: float | bool | str) -> nn.Module:
    return lenet.build(configure(values), inputs, outputs)


def test_six_channels_and_120_units_give_the_layers_of_the_paper() -> None:
    shapes = [tuple(p.shape) for p in network(channels=6, width=120).parameters() if p.dim() > 1]
    assert shapes == [(6, 1, 5, 5), (16, 6, 5, 5), (120, 16 * 7 * 7), (84, 120), (10, 84)]


def test_activations_follow_batch_norm_and_stand_before_each_pool() -> None:
    kinds = [type(layer).__name__ for layer in network(batch_norm=True, activation="tanh").children()]
    convolved, dense = ["Conv2d", "BatchNorm", "Tanh", "MaxPool"], ["Linear", "BatchNorm", "Tanh", "Dropout"]
    assert kinds == [*convolved * 2, "Flatten", *dense * 2, "Linear"]


@pytest.mark.parametrize("inputs", [(1, 4, 4), (1, 8, 8), (2, 5, 11), (3, 32, 32)])
def test_images_of_any_size_from_four_pixels_do(inputs: tuple[int, ...]) -> None:
    assert network(inputs, 3, channels=2, width=5)(torch.zeros(2, *inputs)).shape == (2, 3)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ((30,), "lenet needs images [channel, row, column]; these samples have the shape (30,)"),
        ((8, 8), "lenet needs images [channel, row, column]; these samples have the shape (8, 8)"),
        ((1, 3, 9), "lenet halves images twice: 3×9 is too small, 4×4 is the least"),
    ],
)
def test_samples_that_it_cannot_take_get_one_line(inputs: tuple[int, ...], message: str) -> None:
    with pytest.raises(InputError) as error:
        network(inputs)
    assert str(error.value) == message
