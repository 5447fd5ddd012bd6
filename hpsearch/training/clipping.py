"""Gradient clipping by norm: a trial's gradient is shortened to a largest length (Pascanu et al., ICML 2013)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from hpsearch.training.stack import Stack


@dataclass(frozen=True, slots=True)
class Clipping:
    """The longest gradient of each trial, as a column [trial, 1]; infinite where there is no limit."""

    longest: Tensor

    @classmethod
    def of(cls, stack: Stack) -> Clipping | None:
        """The clipping of the stack's configurations; None where no trial has any."""
        limits = [state.config.gradient_clip for state in stack.states]
        return cls(stack.column([limit or torch.inf for limit in limits])) if any(limits) else None

    def shorten(self, stack: Stack) -> None:
        """Scale `stack.gradient` by min(1, longest / norm), in place."""
        torch.mul(stack.gradient, stack.gradient, out=stack.scratch)
        norm = stack.scratch.sum(1, keepdim=True).sqrt()
        # Where there is no limit, exactly 1: the norm of a long but finite gradient may overflow.
        scale = torch.where(self.longest.isinf(), 1.0, (self.longest / norm).clamp(max=1.0))
        stack.gradient.mul_(scale)
