"""All of a network's parameters as one vector, so that an update is one operation for any number of layers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Layout:
    """Where each named tensor lies in a vector of `size` elements."""

    names: tuple[str, ...]
    shapes: tuple[torch.Size, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        return tuple(shape.numel() for shape in self.shapes)

    @property
    def size(self) -> int:
        return sum(self.sizes)

    def vector(self, named: Mapping[str, Tensor]) -> Tensor:
        """One trial's tensors, by name, as [element]."""
        empty = next(iter(named.values())).new_empty(0)
        return torch.cat([empty, *(named[name].flatten() for name in self.names)])

    def views(self, rows: Tensor) -> list[Tensor]:
        """Tensors [trial, *shape] that share memory with `rows` [trial, element]."""
        parts = torch.split(rows, list(self.sizes), dim=1)
        return [part.view(rows.shape[0], *shape) for part, shape in zip(parts, self.shapes, strict=True)]


def parameter_layout(network: nn.Module) -> tuple[Layout, int]:
    """The layout of the parameters, weights first, and the number of elements that are weights.

    Weights have two dimensions or more and are penalised; biases and batch norm are not.
    """
    named = sorted(network.named_parameters(), key=lambda item: item[1].dim() < 2)
    weights = sum(p.numel() for _, p in named if p.dim() >= 2)
    return Layout(tuple(n for n, _ in named), tuple(p.shape for _, p in named)), weights


def buffer_layout(network: nn.Module) -> Layout:
    """The layout of the persistent buffers: the running statistics of batch norm."""
    kept = network.state_dict().keys()
    named = [(name, buffer) for name, buffer in network.named_buffers() if name in kept]
    return Layout(tuple(n for n, _ in named), tuple(b.shape for _, b in named))


def fans(shape: torch.Size) -> tuple[int, int]:
    """(inputs, outputs) of a unit of a weight [outputs, inputs, *kernel]."""
    receptive = math.prod(shape[2:])
    return shape[1] * receptive, shape[0] * receptive
