"""Residual networks: the paper's forms and sizes, with and without the shortcut."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import nn

from hpsearch.errors import InputError
from hpsearch.training.config import configure
from hpsearch.training.convolution import Conv2d
from hpsearch.training.layers import Linear
from hpsearch.training.models import resnet


def network(inputs: tuple[int, ...], outputs: int = 10, **values: Any) -> nn.Module:
    """Without memory: for counting only."""
    with torch.device("meta"):
        return resnet.build(configure(values), inputs, outputs)


def size(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def weighted_layers(network: nn.Module) -> int:
    """How the paper counts: without the 1 × 1 convolutions of the shortcuts."""
    return sum(isinstance(m, Conv2d | Linear) and "shortcut" not in name for name, m in network.named_modules())


@pytest.mark.parametrize(
    ("depth", "millions"), [(20, 0.27), (32, 0.46), (44, 0.66), (56, 0.85), (110, 1.7)]
)  # the paper's table 6
def test_the_small_forms_have_as_many_parameters_as_the_papers(depth: int, millions: float) -> None:
    counted = size(network((3, 32, 32), depth=depth, batch_norm=True)) / 1e6
    assert counted == pytest.approx(millions, rel=0.03)


@pytest.mark.parametrize(
    ("block", "depth", "parameters"),
    [
        ("basic", 18, 11_689_512),
        ("basic", 34, 21_797_672),
        ("bottleneck", 50, 25_557_032),
        ("bottleneck", 101, 44_549_160),
        ("bottleneck", 152, 60_192_808),
    ],
)
def test_the_large_forms_have_as_many_parameters_as_the_published_ones(block: str, depth: int, parameters: int) -> None:
    assert size(network((3, 224, 224), 1000, depth=depth, block=block, channels=64, batch_norm=True)) == parameters


@pytest.mark.parametrize("shortcut", [True, False])
@pytest.mark.parametrize(
    ("block", "depth"),
    [*(("basic", d) for d in (8, 14, 18, 20, 34, 56)), *(("bottleneck", d) for d in (11, 20, 50, 101, 164))],
)
def test_depth_is_the_number_of_weighted_layers(block: str, depth: int, shortcut: bool) -> None:
    assert weighted_layers(network((3, 32, 32), depth=depth, block=block, shortcut=shortcut)) == depth


@pytest.mark.parametrize("shortcut", [True, False])
def test_a_block_adds_its_input_only_with_the_shortcut(shortcut: bool) -> None:
    block = resnet.Basic(configure({"shortcut": shortcut}), inputs=3, channels=3, stride=1)
    x = torch.randn(2, 3, 5, 5, generator=torch.Generator().manual_seed(0))
    expected = torch.relu(x) if shortcut else torch.zeros_like(x)
    assert torch.equal(block(x), expected)  # its weights are zero until an initializer fills them


def test_without_the_shortcut_nothing_is_left_of_it() -> None:
    plain, residual = (network((3, 32, 32), depth=20, shortcut=shortcut) for shortcut in (False, True))
    names = set(plain.state_dict())
    assert names == {name for name in residual.state_dict() if "shortcut" not in name}
    assert names != set(residual.state_dict())


def test_stages_halve_the_image_and_double_the_feature_maps() -> None:
    shapes = []
    net = network((3, 32, 32), depth=20)
    for module in net.modules():
        if isinstance(module, resnet.Block):
            module.register_forward_hook(lambda module, x, y: shapes.append(tuple(y.shape[1:])))
    net(torch.zeros(1, 3, 32, 32, device="meta"))
    assert shapes == [(16, 32, 32)] * 3 + [(32, 16, 16)] * 3 + [(64, 8, 8)] * 3


@pytest.mark.parametrize("inputs", [(1, 8, 8), (1, 28, 28), (3, 32, 32), (3, 224, 224)])
@pytest.mark.parametrize(("block", "depth"), [("basic", 18), ("basic", 8), ("bottleneck", 50), ("bottleneck", 11)])
def test_every_form_takes_images_of_any_size(block: str, depth: int, inputs: tuple[int, ...]) -> None:
    net = network(inputs, depth=depth, block=block, channels=4, batch_norm=True)
    assert net(torch.zeros(2, *inputs, device="meta")).shape == (2, 10)


@pytest.mark.parametrize(
    ("block", "depth", "told"),
    [
        ("basic", 2, "8 is the least"),
        ("basic", 21, "nearest: 20 or 26"),
        ("basic", 33, "nearest: 32 or 34"),
        ("bottleneck", 2, "11 is the least"),
        ("bottleneck", 49, "nearest: 47 or 50"),
    ],
)
def test_a_depth_that_is_of_no_form_gets_one_line(block: str, depth: int, told: str) -> None:
    with pytest.raises(InputError) as error:
        network((3, 32, 32), depth=depth, block=block)
    assert str(error.value) == f"resnet: {block} blocks make no network of depth {depth}; {told}"


@pytest.mark.parametrize(("block", "period"), [("basic", 6), ("bottleneck", 9)])
def test_any_depth_is_built_or_sent_to_the_next_ones_that_are(block: str, period: int) -> None:
    known = {"basic": {18, 34}, "bottleneck": {50}}[block]
    valid = sorted(known | {period * n + 2 for n in range(1, 10)})
    for depth in range(1, 56):
        if depth in valid:
            network((1, 8, 8), depth=depth, block=block, channels=1)
            continue
        with pytest.raises(InputError) as error:
            network((1, 8, 8), depth=depth, block=block)
        around = [pair for pair in pairwise(valid) if pair[0] < depth < pair[1]]
        assert error.value.hint == (
            f"nearest: {around[0][0]} or {around[0][1]}" if around else f"{valid[0]} is the least"
        )


def test_samples_that_are_no_images_get_one_line() -> None:
    with pytest.raises(InputError, match=r"^resnet needs images .* the shape \(30,\)$"):
        network((30,), depth=8)
