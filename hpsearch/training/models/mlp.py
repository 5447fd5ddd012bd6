"""A multi-layer perceptron: `depth` hidden layers of `width` units, then a linear layer to the classes."""

from __future__ import annotations

import math

from torch import nn

from hpsearch import registry
from hpsearch.training.config import Config
from hpsearch.training.layers import BatchNorm, Dropout, Linear


def build(config: Config, inputs: tuple[int, ...], outputs: int) -> nn.Module:
    """A network from [sample, *inputs] to logits [sample, outputs].

    Each hidden layer is linear, batch norm if asked for, activation, dropout.
    """
    activation = registry.load("activation", config.activation)
    layers: list[nn.Module] = [nn.Flatten()]
    features = math.prod(inputs)
    for _ in range(config.depth):
        layers.append(Linear(features, config.width))
        if config.batch_norm:
            layers.append(BatchNorm(config.width))
        layers += [activation(), Dropout(config.width)]
        features = config.width
    return nn.Sequential(*layers, Linear(features, outputs))
