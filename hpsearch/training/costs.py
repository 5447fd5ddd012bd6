"""What a network costs, counted and not measured: the same number on every machine, known before any training.

No PyTorch at import time: a study file is checked against this table.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from hpsearch import registry

if TYPE_CHECKING:
    from torch import nn

    from hpsearch.training.config import Config


# Parameters of a network that a sample passes sooner than PyTorch has imported what computes shapes, most of a second.
SMALL = 1_000_000


@dataclass(frozen=True, slots=True)
class Cost:
    """`count` takes a network and the shape of a sample. As an objective it is minimized, and `worst` at worst."""

    doc: str
    count: Callable[[nn.Module, tuple[int, ...]], int]
    direction: Literal["minimize"] = "minimize"
    worst: float = math.inf


def costs(model: str, config: Config, inputs: tuple[int, ...], outputs: int) -> dict[str, int]:
    """Each cost of the registry by name, for one trial's network.

    A large network is made of shapes only, which takes no memory; a small one, or one that needs more than shapes, is
    made on the CPU. What cannot be counted there either is left out: training such a network says why.
    """
    import torch

    counted: dict[str, int] = {}
    for device in ("meta", "cpu"):
        with suppress(Exception), torch.device(device), torch.no_grad():
            network = registry.load("model", model)(config, inputs, outputs).eval()
            if device == "meta" and _parameters(network, inputs) <= SMALL:
                continue
            for name in registry.names("cost"):
                counted[name] = registry.load("cost", name).count(network, inputs)
            break
    return counted


def _parameters(network: nn.Module, inputs: tuple[int, ...]) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def _multiply_adds(network: nn.Module, inputs: tuple[int, ...]) -> int:
    """By PyTorch's own table of operations, and what it does not know of our layers."""
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel

    from hpsearch.training.layers import Linear
    from hpsearch.training.multiply_adds import MultiplyAdds

    thin = 0  # of layers with one input or output, which multiply elementwise

    def hear(layer: nn.Module, _: object, y: torch.Tensor) -> None:
        nonlocal thin
        assert isinstance(layer, Linear)
        thin += layer.weight.numel() * len(y)

    layers = [layer for layer in network.modules() if isinstance(layer, Linear) and 1 in layer.weight.shape]
    hooks = [layer.register_forward_hook(hear) for layer in layers]
    try:
        # The CPU's own kernel for attention is not in the table; what it is made of is.
        with sdpa_kernel(SDPBackend.MATH), MultiplyAdds() as counted:
            network(torch.zeros(1, *inputs))
    finally:
        for hook in hooks:
            hook.remove()
    return int(counted.number) + thin


parameters = Cost("numbers that training sets: weights, biases, batch norm's scales and shifts", _parameters)
multiply_adds = Cost(
    "multiplications with an addition in the dense layers, convolutions and attention of one sample's forward pass",
    _multiply_adds,
)
