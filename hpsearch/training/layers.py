"""Layers that are the same alone and in a stack: no global random numbers, no hidden state.

Shapes are those of one trial; `torch.func.vmap` adds the trial axis.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from hpsearch import registry
from hpsearch.training.config import Config
from hpsearch.training.kernels import normalise
from hpsearch.training.product import product

MOMENTUM, EPSILON = 0.1, 1e-5  # of batch norm


class Linear(nn.Module):
    """x Wᵀ + b. Weights are zero until an initializer fills them. [sample, inputs] → [sample, outputs].

    A matrix with one row or column is multiplied elementwise: for one trial, but not for several, the product
    would go to a matrix-vector kernel, which sums in another order.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(outputs, inputs))
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x: Tensor) -> Tensor:
        outputs, inputs = self.weight.shape
        if inputs == 1:
            return x * self.weight.t() + self.bias
        if outputs == 1:
            return (x * self.weight).sum(1, keepdim=True) + self.bias
        return product(x, self.weight) + self.bias


class BatchNorm(nn.Module):
    """Ioffe and Szegedy, ICML 2015, of each feature of [sample, feature] or channel of [sample, channel, row, column].

    Evaluation uses the running mean and variance. PyTorch's own module can't be stacked: it keeps its running
    state where vmap can't follow.
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, features: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(features))
        self.bias = nn.Parameter(torch.zeros(features))
        self.register_buffer("running_mean", torch.zeros(features))
        self.register_buffer("running_var", torch.ones(features))

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            scale = torch.rsqrt(self.running_var + EPSILON) * self.weight
            shift = self.bias - self.running_mean * scale
            return (x * self._column(scale, x)).add_(self._column(shift, x))
        if x.dim() == 4 and x.device.type == "cpu":
            normalised, mean, scale = normalise(x, self.weight, self.bias, EPSILON)
            self._follow(mean, scale.reciprocal().square() - EPSILON, x)
            return normalised
        others = (0, *range(2, x.dim()))
        mean = x.mean(others)
        # Not `x.var`: for a single feature its bits depend on how many trials there are.
        centred = x - self._column(mean, x)
        variance = centred.square().mean(others)
        self._follow(mean, variance, x)
        scale = torch.rsqrt(variance + EPSILON) * self.weight
        return centred * self._column(scale, x) + self._column(self.bias, x)

    @torch.no_grad()
    def _follow(self, mean: Tensor, variance: Tensor, x: Tensor) -> None:
        """Move the running statistics towards a batch's; the variance as the unbiased one."""
        count = x.numel() // x.shape[1]
        unbiased = count / max(1, count - 1)
        self.running_mean.mul_(1 - MOMENTUM).add_(mean, alpha=MOMENTUM)
        self.running_var.mul_(1 - MOMENTUM).add_(variance, alpha=MOMENTUM * unbiased)

    def _column(self, values: Tensor, x: Tensor) -> Tensor:
        """[feature], shaped so that it meets x's second axis."""
        return values.view(-1, *[1] * (x.dim() - 2))


class Dropout(nn.Module):
    """Multiplies by a mask that is given from outside, of the shape [sample, *shape]; nothing in evaluation."""

    mask: Tensor

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.shape = shape
        self.enabled = False
        self.register_buffer("mask", torch.ones(shape), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return x * self.mask if self.training and self.enabled else x


class Activation(nn.Module):
    """A nonlinearity, made for a configuration. `slope` is its derivative, given its output, as a share of the
    largest one there is."""

    saturates: ClassVar[bool] = False  # whether it is flat at both ends

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.leaky_slope = config.leaky_slope

    def slope(self, y: Tensor) -> Tensor:
        raise NotImplementedError


def activation(config: Config) -> Activation:
    """The configuration's nonlinearity."""
    made: Activation = registry.load("activation", config.activation)(config)
    return made


def hidden(config: Config, inputs: int, width: int) -> list[nn.Module]:
    """A dense hidden layer: linear, batch norm if asked for, activation, dropout."""
    normalised = [BatchNorm(width)] if config.batch_norm else []
    return [Linear(inputs, width), *normalised, activation(config), Dropout(width)]


class Relu(Activation):
    """max(0, x)."""

    def slope(self, y: Tensor) -> Tensor:
        return (y > 0).to(y.dtype)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x)


class LeakyRelu(Activation):
    """x where positive, else `leaky_slope` x."""

    def slope(self, y: Tensor) -> Tensor:
        return torch.where(y > 0, 1.0, self.leaky_slope).to(y.dtype)

    def forward(self, x: Tensor) -> Tensor:
        return functional.leaky_relu(x, self.leaky_slope)


class Sigmoid(Activation):
    """1 / (1 + e⁻ˣ), by the hyperbolic tangent.

    `torch.sigmoid` rounds the last elements of a tensor otherwise than the rest, so its bits would depend on
    how many trials stand in front; `torch.tanh` does not.
    """

    saturates = True

    def slope(self, y: Tensor) -> Tensor:
        return 4 * y * (1 - y)

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(x * 0.5) * 0.5 + 0.5


class Tanh(Activation):
    """The hyperbolic tangent."""

    saturates = True

    def slope(self, y: Tensor) -> Tensor:
        return 1 - y.square()

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(x)
