"""Convolution and pooling for images [sample, channel, row, column], the same alone and in a stack."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from hpsearch.errors import InputError
from hpsearch.training.config import Config
from hpsearch.training.kernels import convolve, largest
from hpsearch.training.layers import BatchNorm


class Conv2d(nn.Module):
    """A square convolution with a zero border. [sample, inputs, row, column] → [sample, outputs, row, column].

    Rows and columns become (size + 2 border - kernel) // stride + 1; the border is `kernel` // 2, so with an odd
    kernel and stride 1 they stay. Weights are zero until an initializer fills them. `bias` is False where
    batch norm follows, which would take it off again.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, bias: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None
        self.stride, self.border = stride, kernel // 2

    def forward(self, x: Tensor) -> Tensor:
        convolution = convolve if x.device.type == "cpu" else functional.conv2d
        return convolution(x, self.weight, self.bias, self.stride, self.border)


def convolved(config: Config, inputs: int, outputs: int, kernel: int, stride: int = 1) -> list[nn.Module]:
    """A convolution, and batch norm if asked for."""
    normalised = [BatchNorm(outputs)] if config.batch_norm else []
    return [Conv2d(inputs, outputs, kernel, stride, bias=not normalised), *normalised]


class MaxPool(nn.Module):
    """The largest value in each window. By default half the rows and columns, rounded down."""

    def __init__(self, kernel: int = 2, stride: int = 2, border: int = 0) -> None:
        super().__init__()
        self.kernel, self.stride, self.border = kernel, stride, border

    def forward(self, x: Tensor) -> Tensor:
        pool = largest if x.device.type == "cpu" else functional.max_pool2d
        return pool(x, self.kernel, self.stride, self.border)


class GlobalMean(nn.Module):
    """The mean over all rows and columns: [sample, channel, row, column] → [sample, channel]."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean((-2, -1))


def image_shape(model: str, inputs: tuple[int, ...]) -> tuple[int, int, int]:
    """(channels, rows, columns) of a sample. Raises InputError where samples are no images."""
    if len(inputs) != 3:
        raise InputError(f"{model} needs images [channel, row, column]; these samples have the shape {inputs}")
    channels, rows, columns = inputs
    return channels, rows, columns
