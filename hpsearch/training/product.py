"""The product of a dense layer, with a gradient that lies in memory as its weights do."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def product(x: Tensor, weight: Tensor) -> Tensor:
    """x Wᵀ for x [sample, inputs] and W [outputs, inputs]: [sample, outputs]."""
    if x.device.type != "meta" and torch.is_autocast_enabled(x.device.type):
        # The types of both gradients are PyTorch's affair then.
        return torch.matmul(x, weight.t())
    multiplied: Tensor = _Product.apply(x, weight)  # type: ignore[no-untyped-call]
    return multiplied


class _Product(torch.autograd.Function):
    """PyTorch takes the gradient of Wᵀ, xᵀg, which has to be transposed and copied to its place; gᵀx has not."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor, weight: Tensor) -> Tensor:
        return torch.matmul(x, weight.t())

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor]:
        x, weight = ctx.saved_tensors
        return torch.matmul(gradient, weight) if ctx.needs_input_grad[0] else None, torch.matmul(gradient.t(), x)
