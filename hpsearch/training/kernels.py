"""Kernels for images on a CPU, whose bits do not depend on how many trials there are.

Convolution and batch norm run once for each trial. Left to itself, vmap makes one kernel call for all trials. On a CPU
that wins nothing for images, and oneDNN takes another kernel for a grouped convolution of few channels, which sums in
another order. On other devices vmap's way is the better one, and nothing here is used.

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


def largest(x: Tensor, kernel: int, stride: int, border: int) -> Tensor:
    """`max_pool2d` of x [sample, channel, row, column]: the same bits in a fraction of the time.

    PyTorch's kernel takes one number after the other unless channels come last in memory.
    """
    if (kernel, stride, border) == (2, 2, 0) and not torch.is_grad_enabled():
        rows, columns = (size // 2 * 2 for size in x.shape[-2:])
        of_rows = torch.maximum(x[..., 0:rows:2, :], x[..., 1:rows:2, :])
        return torch.maximum(of_rows[..., 0:columns:2], of_rows[..., 1:columns:2])
    pooled: Tensor = _MaxPool.apply(x, kernel, stride, border)[0]  # type: ignore[no-untyped-call]
    return pooled


class _MaxPool(torch.autograd.Function):
    @staticmethod
    def forward(x: Tensor, *window: int) -> tuple[Tensor, Tensor]:
        last = x.contiguous(memory_format=torch.channels_last)
        pooled, places = torch.ops.aten.max_pool2d_with_indices(last, *([size] * 2 for size in window))
        return pooled.contiguous(), places.contiguous()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
        x, *ctx.window = inputs
        ctx.mark_non_differentiable(output[1])
        ctx.save_for_backward(x, output[1])

    @staticmethod
    def backward(ctx: Any, gradient: Tensor, *unused: Any) -> tuple[Tensor | None, ...]:
        x, places = ctx.saved_tensors
        window = [[size] * 2 for size in ctx.window]
        own = torch.ops.aten.max_pool2d_with_indices_backward(gradient, x, *window, [1, 1], False, places)
        return own, None, None, None

    @staticmethod
    def vmap(
        info: Any, in_dims: Sequence[int | None], x: Tensor, *window: int
    ) -> tuple[tuple[Tensor, Tensor], tuple[int, int]]:
        """All trials at once: the largest of some numbers is not rounded."""
        folded = x.movedim(in_dims[0] or 0, 0).flatten(0, 1)
        results: tuple[Tensor, Tensor] = _MaxPool.apply(folded, *window)  # type: ignore[no-untyped-call]
        pooled, places = (part.view(info.batch_size, -1, *part.shape[1:]) for part in results)
        return (pooled, places), (0, 0)


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
