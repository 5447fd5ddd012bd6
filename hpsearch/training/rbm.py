"""A restricted Boltzmann machine, trained by contrastive divergence (Hinton, Neural Computation 14, 2002).

E(v, h) = -b·v - c·h - hᵀWv, and ½|v - b|² in place of -b·v where the visible units are Gaussian. The choices are
those of Hinton, "A practical guide to training restricted Boltzmann machines", 2010; § names its sections.

A machine is trained alone, never in a stack, and draws from its trial's own generator: the result is a function of
that generator, the settings and the data.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

ROWS = 2048  # samples that are reconstructed at once
#: A larger mini-batch would make steps no better, only fewer (§4).
LARGEST_BATCH = 100
#: From the first step on (§9): visible biases begin near their place, so that no early gradient is large.
MOMENTUM = 0.9
#: Real-valued visible units need a smaller step (§13.2): a reconstruction has no bound that holds it back.
GAUSSIAN_STEP = 0.1


@dataclass(frozen=True, slots=True)
class RBM:
    """`weight` W [hidden, visible], `hidden_bias` c and `visible_bias` b, changed in place by training.

    Hidden units are 0 or 1. Visible units are too, or, if `gaussian`, real with variance 1.
    """

    weight: Tensor
    hidden_bias: Tensor
    visible_bias: Tensor
    gaussian: bool

    @staticmethod
    def begin(x: Tensor, hidden: int, rng: np.random.Generator) -> RBM:
        """A machine for data x [sample, visible], with `hidden` units, before training (§8).

        Visible units are Gaussian unless all of x lies in [0, 1]. Weights are N(0, 0.01²); visible biases are such
        that a machine without weights gives the mean of the data.
        """
        samples, visible = x.shape
        gaussian = not bool(((x >= 0) & (x <= 1)).all())
        weight = torch.from_numpy(rng.standard_normal((hidden, visible)) * 0.01).to(x.device, x.dtype)
        # One sample of each value more than there are: a unit that is never on has log-odds, too.
        on = (x.sum(0) + 1) / (samples + 2)
        bias = x.mean(0) if gaussian else torch.log(on / (1 - on))
        return RBM(weight, x.new_zeros(hidden), bias, gaussian)

    def hidden(self, v: Tensor, out: Tensor) -> Tensor:
        """p(h = 1 | v) for v [sample, visible], in `out` [sample, hidden]."""
        return _sigmoid(torch.addmm(self.hidden_bias, v, self.weight.t(), out=out))

    def visible(self, h: Tensor, out: Tensor) -> Tensor:
        """The mean of v given h [sample, hidden], in `out` [sample, visible]."""
        mean = torch.addmm(self.visible_bias, h, self.weight, out=out)
        return mean if self.gaussian else _sigmoid(mean)

    def reconstruct(self, x: Tensor, features: Tensor) -> float:
        """Mean squared error per visible unit of x when it goes to the hidden units and back by probabilities.

        Nothing is sampled, so that epochs can be compared. Leaves p(h = 1 | x) in `features` [sample, hidden].
        """
        squares = 0.0
        back = x.new_empty(min(ROWS, len(x)), x.shape[1])
        for v, h in zip(torch.split(x, ROWS), torch.split(features, ROWS), strict=True):
            error = self.visible(self.hidden(v, h), back[: len(v)]).sub_(v)
            squares += float(error.square_().sum(1).double().sum())
        return squares / x.numel()


class ContrastiveDivergence:
    """CD-k on mini-batches of one size: memory for all that a step makes, and the random numbers it draws."""

    def __init__(self, machine: RBM, batch: int, steps: int, rng: np.random.Generator) -> None:
        hidden, visible = machine.weight.shape
        self._machine, self._steps, self._rng = machine, steps, rng
        self._uniform = np.empty((batch, hidden), dtype=np.float32)
        self._velocity = [torch.zeros_like(t) for t in (machine.weight, machine.hidden_bias, machine.visible_bias)]
        self._v = machine.weight.new_empty(batch, visible)
        self._h = machine.weight.new_empty(batch, hidden)
        self._driven = torch.empty_like(self._h)

    def update(self, v: Tensor, rate: float) -> None:
        """A step of size `rate` along ⟨h vᵀ⟩ of the data v [batch, visible] less that after k steps of the chain.

        Hidden states are sampled until the last, for which probabilities do; visible units take their mean, and
        so do all statistics (§3).
        """
        machine = self._machine
        driven = machine.hidden(v, self._driven)
        h = self._h.copy_(driven)
        for _ in range(self._steps):
            self._rng.random(dtype=np.float32, out=self._uniform)
            torch.lt(torch.from_numpy(self._uniform).to(h.device), h, out=h)
            back = machine.visible(h, self._v)
            machine.hidden(back, h)
        step = rate / len(v)
        weight, hidden_bias, visible_bias = self._velocity
        weight.addmm_(driven.t(), v, beta=MOMENTUM, alpha=step).addmm_(h.t(), back, alpha=-step)
        hidden_bias.mul_(MOMENTUM).add_(driven.sub_(h).sum(0), alpha=step)
        visible_bias.mul_(MOMENTUM).add_(back.sub_(v).sum(0), alpha=-step)
        machine.weight.add_(weight)
        machine.hidden_bias.add_(hidden_bias)
        machine.visible_bias.add_(visible_bias)


def train(
    x: Tensor,
    hidden: int,
    *,
    epochs: int,
    batch: int,
    steps: int,
    learning_rate: float,
    rng: np.random.Generator,
) -> tuple[RBM, Tensor, list[float]]:
    """A machine trained on x [sample, visible] by CD-`steps`, p(h = 1 | x) [sample, hidden], and its errors.

    The errors are those of `RBM.reconstruct` after each epoch. The learning rate falls in a line from epoch to epoch.
    Each epoch has an order of its own; a last mini-batch that would be smaller than the others is left out. None has
    more than `LARGEST_BATCH` samples.
    """
    batch = min(batch, LARGEST_BATCH, len(x))
    machine = RBM.begin(x, hidden, rng)
    divergence = ContrastiveDivergence(machine, batch, steps, rng)
    largest = learning_rate * (GAUSSIAN_STEP if machine.gaussian else 1.0)
    features = x.new_empty(len(x), hidden)
    v = x.new_empty(batch, x.shape[1])
    errors = []
    for epoch in range(epochs):
        # It falls to almost nothing, or what is learnt last would be lost in the noise of sampling.
        rate = largest * (1 - epoch / epochs)
        order = torch.from_numpy(rng.permutation(len(x))).to(x.device)
        for chosen in torch.split(order[: len(x) // batch * batch], batch):
            divergence.update(torch.index_select(x, 0, chosen, out=v), rate)
        errors.append(machine.reconstruct(x, features))
    return machine, features, errors


def _sigmoid(x: Tensor) -> Tensor:
    """1 / (1 + e⁻ˣ) in place, rounded alike at every place of a tensor, as `layers.Sigmoid` is."""
    return x.mul_(0.5).tanh_().mul_(0.5).add_(0.5)
