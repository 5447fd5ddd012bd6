"""A multi-layer perceptron: `depth` hidden layers of `width` units, then a linear layer to the outputs."""

from __future__ import annotations

import math

from torch import nn

from hpsearch.training.config import Config
from hpsearch.training.layers import Linear, hidden


def build(config: Config, inputs: tuple[int, ...], outputs: int) -> nn.Module:
    """A network from [sample, *inputs] to [sample, outputs].

    Each hidden layer is linear, batch norm if asked for, activation, dropout.
    """
    layers: list[nn.Module] = [nn.Flatten()]
    features = math.prod(inputs)
    for _ in range(config.depth):
        layers += hidden(config, features, config.width)
        features = config.width
    return nn.Sequential(*layers, Linear(features, outputs))
