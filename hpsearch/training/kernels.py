"""Kernels for images that run once for each trial, so that their bits do not depend on how many trials there are.

Left to itself, vmap makes one kernel call for all trials. On a CPU that wins nothing for images, and oneDNN takes
another kernel for a grouped convolution of few channels, which sums in another order. On other devices vmap's
way is the better one, and nothing here is used.

In a stack the gradient flows through the kernels that `vmap` calls. The backward passes written here are for the
same network outside a stack, such as one that a user loads and trains on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional


def convolve(x: Tensor, weight: Tensor, bias: Tensor | None, stride: int, border: int) -> Tensor:
    """`conv2d` of x [sample, inputs, row, column] and weight [outputs, inputs, row, column]."""
    convolved: Tensor = _Convolution.apply(x, weight, bias, stride, border)  # type: ignore[no-untyped-call]
    return convolved


def normalise(x: Tensor, weight: Tensor, bias: Tensor, epsilon: float) -> tuple[Tensor, Tensor, Tensor]:
    """Batch norm of x [sample, channel, row, column] by its own statistics.

    Returns what it gives, and each channel's mean and 1 / √(variance + epsilon), both without a gradient.
    """
    normalised: tuple[Tensor, Tensor, Tensor] = _BatchNorm.apply(x, weight, bias, epsilon)  # type: ignore[no-untyped-call]
    return normalised


class _Convolution(torch.autograd.Function):
    @staticmethod
    def forward(x: Tensor, weight: Tensor, bias: Tensor | None, stride: int, border: int) -> Tensor:
        return functional.conv2d(x, weight, bias, stride, border)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        x, weight, _, ctx.stride, ctx.border = inputs
        ctx.save_for_backward(x, weight)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        window = [ctx.stride] * 2, [ctx.border] * 2, [1, 1], False, [0, 0], 1
        needed = list(ctx.needs_input_grad[:3])
        gradients = torch.ops.aten.convolution_backward(gradient, x, weight, [len(weight)], *window, needed)
        return (*gradients, None, None)

    @staticmethod
    def vmap(info: Any, in_dims: Sequence[int | None], *inputs: Any) -> tuple[Tensor, int]:
        return _each(functional.conv2d, info.batch_size, in_dims, inputs)[0], 0


class _BatchNorm(torch.autograd.Function):
    @staticmethod
    def forward(x: Tensor, weight: Tensor, bias: Tensor, epsilon: float) -> tuple[Tensor, Tensor, Tensor]:
        return torch.native_batch_norm(x, weight, bias, None, None, True, 0.0, epsilon)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor, Tensor]) -> None:
        x, weight, _, ctx.epsilon = inputs
        _, mean, scale = output
        ctx.mark_non_differentiable(mean, scale)
        ctx.save_for_backward(x, weight, mean, scale)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor, *unused: Any) -> tuple[Tensor | None, ...]:
        x, weight, mean, scale = ctx.saved_tensors
        own, needed = (None, None, mean, scale, True, ctx.epsilon), list(ctx.needs_input_grad[:3])
        return (*torch.ops.aten.native_batch_norm_backward(gradient, x, weight, *own, needed), None)

    @staticmethod
    def vmap(
        info: Any, in_dims: Sequence[int | None], *inputs: Any
    ) -> tuple[tuple[Tensor, Tensor, Tensor], tuple[int, int, int]]:
        normalised, mean, scale = _each(_BatchNorm.forward, info.batch_size, in_dims, inputs)
        return (normalised, mean.detach(), scale.detach()), (0, 0, 0)


def _each(
    kernel: Callable[..., Any], trials: int, in_dims: Sequence[int | None], inputs: Sequence[Any]
) -> list[Tensor]:
    """The kernel's results for each trial, stacked along a first axis; an input without an axis is the same for all."""
    rows = [_rows(x, dim, trials) for x, dim in zip(inputs, in_dims, strict=True)]
    results = [kernel(*of_trial) for of_trial in zip(*rows, strict=True)]
    outputs = zip(*(r if isinstance(r, tuple) else (r,) for r in results), strict=True)
    return [parts[0].unsqueeze(0) if trials == 1 else torch.stack(parts) for parts in outputs]


def _rows(x: Any, dim: int | None, trials: int) -> Sequence[Any]:
    """Each trial's part. Nothing is copied for one trial alone, not in the gradient either.

    By `unbind`, whose gradient is one `stack`; an index would add up a stack of zeros for every trial.
    """
    if dim is None:
        return [x] * trials
    return [x.squeeze(dim)] if trials == 1 else x.unbind(dim)
