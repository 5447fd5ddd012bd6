"""Layers that are the same alone and in a stack: no global random numbers, no hidden state.

Shapes are those of one trial; `torch.func.vmap` adds the trial axis.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


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
        return torch.matmul(x, self.weight.t()) + self.bias


class BatchNorm(nn.Module):
    """Ioffe and Szegedy, ICML 2015, over [sample, feature]. Evaluation uses the running mean and variance.

    PyTorch's own module can't be stacked: it keeps its running state where vmap can't follow.
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, features: int, momentum: float = 0.1, epsilon: float = 1e-5) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(features))
        self.bias = nn.Parameter(torch.zeros(features))
        self.register_buffer("running_mean", torch.zeros(features))
        self.register_buffer("running_var", torch.ones(features))
        self.momentum, self.epsilon = momentum, epsilon

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            # Not `x.var`: for a single feature its bits depend on how many trials there are.
            mean = x.mean(0)
            variance = (x - mean).square().mean(0)
            unbiased = x.shape[0] / max(1, x.shape[0] - 1)
            with torch.no_grad():
                self.running_mean.mul_(1 - self.momentum).add_(mean, alpha=self.momentum)
                self.running_var.mul_(1 - self.momentum).add_(variance, alpha=self.momentum * unbiased)
        else:
            mean, variance = self.running_mean, self.running_var
        return (x - mean) * (torch.rsqrt(variance + self.epsilon) * self.weight) + self.bias


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


class Relu(nn.Module):
    """max(0, x)."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x)


class LeakyRelu(nn.Module):
    """x where positive, else 0.01 x."""

    def forward(self, x: Tensor) -> Tensor:
        return functional.leaky_relu(x, 0.01)


class Sigmoid(nn.Module):
    """1 / (1 + e⁻ˣ), by the hyperbolic tangent.

    `torch.sigmoid` rounds the last elements of a tensor otherwise than the rest, so its bits would depend on
    how many trials stand in front; `torch.tanh` does not.
    """

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(x * 0.5) * 0.5 + 0.5


class Tanh(nn.Module):
    """The hyperbolic tangent."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(x)
