"""VGG: blocks of two convolutions, as deep as the images allow."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from hpsearch.errors import InputError
from hpsearch.training.config import configure
from hpsearch.training.convolution import Conv2d, MaxPool
from hpsearch.training.models import vgg


def network(inputs: tuple[int, ...], **values: float | bool) -> nn.Module:
    return vgg.build(configure(values), inputs, 3)


def test_feature_maps_double_from_block_to_block_up_to_eight_times() -> None:
    with torch.device("meta"):
        layers = list(network((3, 32, 32), depth=5, channels=64).children())
    maps = [layer.weight.shape[0] for layer in layers if isinstance(layer, Conv2d)]
    assert maps == [64, 64, 128, 128, 256, 256, 512, 512, 512, 512]
    assert sum(isinstance(layer, MaxPool) for layer in layers) == 5


@pytest.mark.parametrize(("rows", "columns", "most"), [(8, 8, 3), (7, 9, 2), (28, 28, 4), (32, 32, 5), (2, 100, 1)])
def test_the_deepest_that_is_allowed_works_and_the_next_is_refused(rows: int, columns: int, most: int) -> None:
    inputs = (1, rows, columns)
    assert network(inputs, depth=most, channels=1, width=4)(torch.zeros(2, *inputs)).shape == (2, 3)
    with pytest.raises(InputError) as error:
        network(inputs, depth=most + 1)
    told = f"vgg: depth {most + 1} halves {rows}×{columns} images to nothing: at most {most}"
    assert str(error.value) == told


def test_samples_that_are_no_images_get_one_line() -> None:
    with pytest.raises(InputError, match=r"^vgg needs images .* the shape \(30,\)$"):
        network((30,))
