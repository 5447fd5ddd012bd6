"""L1 and L2 penalties on the weights, not on biases or batch norm.

The loss gains l1 Σ|w| + l2/2 Σw². In the lecture's form (λ/2m) Σw² over m samples, l2 = λ/m; it equals PyTorch's
`weight_decay` with SGD. For adaptive optimizers it goes through the gradient, as in the lecture (not AdamW).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from hpsearch.training.stack import Stack


@dataclass(frozen=True, slots=True)
class Penalty:
    """The strengths of a stack's trials as columns [trial, 1]; None where no trial has any."""

    l1: Tensor | None
    l2: Tensor | None

    @classmethod
    def of(cls, stack: Stack) -> Penalty:
        """The penalties of the stack's configurations."""
        l1 = [state.config.l1 for state in stack.states]
        l2 = [state.config.l2 for state in stack.states]
        return cls(stack.column(l1) if any(l1) else None, stack.column(l2) if any(l2) else None)

    def add_gradient(self, stack: Stack) -> None:
        """Add the penalties' gradient to `stack.gradient`, in place."""
        weights, gradient, scratch = stack.kept("weights", lambda: _weights(stack))
        if self.l2 is not None:
            gradient.addcmul_(weights, self.l2)
        if self.l1 is not None:
            gradient.addcmul_(torch.sign(weights, out=scratch), self.l1)


def _weights(stack: Stack) -> tuple[Tensor, Tensor, Tensor]:
    """The parts of parameters, gradient and scratch that belong to weights."""
    count = stack.program.weights
    return stack.parameters[:, :count], stack.gradient[:, :count], stack.scratch[:, :count]
