"""What a network is to predict: the form of its output, and the loss that it is trained on.

Losses are per sample, in nats for classes, without penalties: outputs [sample, output] and targets [sample]
give [sample]. None of their kernels rounds by the place in the tensor, which `torch.sigmoid` and
`torch.nn.functional.softplus` do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True, slots=True)
class Task:
    """`outputs` maps the number of classes to that of outputs; `predicted` gives each sample's class [sample].

    `predicted` is None where targets are numbers.
    """

    outputs: Callable[[int], int]
    losses: Callable[[Tensor, Tensor], Tensor]
    predicted: Callable[[Tensor], Tensor] | None


def cross_entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    """Categorical cross entropy of a softmax: -log softmax(outputs)[target]."""
    return -functional.log_softmax(outputs, 1).gather(1, targets[:, None]).squeeze(1)


def binary_cross_entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    """-(y log σ(z) + (1-y) log(1-σ(z))) for the one output z, as max(z, 0) - z y + log(1 + e^-|z|)."""
    z = outputs.squeeze(1)
    return torch.relu(z) - z * targets.to(z.dtype) + torch.log(torch.exp(-z.abs()) + 1)


def half_squared_error(outputs: Tensor, targets: Tensor) -> Tensor:
    """½ (z - y)² for the one output z."""
    return 0.5 * (outputs.squeeze(1) - targets).square()


def most_likely(outputs: Tensor) -> Tensor:
    """The class with the largest output."""
    return outputs.argmax(-1)


def above_half(outputs: Tensor) -> Tensor:
    """1 where the probability σ(z) is above one half."""
    return (outputs.squeeze(-1) > 0).long()


multiclass = Task(lambda classes: classes, cross_entropy, most_likely)
binary = Task(lambda classes: 1, binary_cross_entropy, above_half)
regression = Task(lambda classes: 1, half_squared_error, None)
