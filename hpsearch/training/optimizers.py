"""Optimizers as pure functions on rows of a stack; every trial has its own settings.

`update(p, g, state, h, scratch)` changes p [trial, parameter] in place. `g` is the gradient and may be used up;
`state` holds `slots` tensors of p's shape, zero at first; `h` gives each hyperparameter as a column [trial, 1],
`neg_learning_rate` and, for Adam, the two bias corrections of this step. In place, because fresh pages for
every step cost more than the arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from hpsearch.training.config import Config

Columns = Mapping[str, Tensor]
Update = Callable[[Tensor, Tensor, Sequence[Tensor], Columns, Tensor], None]


@dataclass(frozen=True, slots=True)
class Optimizer:
    """An update rule and how many state vectors it keeps for each parameter vector.

    `columns(config, learning_rate, t)` gives the scalars of one trial at its t-th step, from 1.
    """

    slots: int
    update: Update
    columns: Callable[[Config, float, int], dict[str, float]]


def _sgd(p: Tensor, g: Tensor, state: Sequence[Tensor], h: Columns, scratch: Tensor) -> None:
    p.addcmul_(g, h["neg_learning_rate"])


def _momentum(p: Tensor, g: Tensor, state: Sequence[Tensor], h: Columns, scratch: Tensor) -> None:
    (velocity,) = state
    velocity.mul_(h["momentum"]).add_(g)
    p.addcmul_(velocity, h["neg_learning_rate"])


def _averaged_momentum(p: Tensor, g: Tensor, state: Sequence[Tensor], h: Columns, scratch: Tensor) -> None:
    (velocity,) = state
    velocity.mul_(h["momentum"]).addcmul_(g, h["one_minus_momentum"])
    p.addcmul_(velocity, h["neg_learning_rate"])


def _nesterov(p: Tensor, g: Tensor, state: Sequence[Tensor], h: Columns, scratch: Tensor) -> None:
    (velocity,) = state
    velocity.mul_(h["momentum"]).add_(g)
    g.addcmul_(velocity, h["momentum"])
    p.addcmul_(g, h["neg_learning_rate"])


def _rmsprop(p: Tensor, g: Tensor, state: Sequence[Tensor], h: Columns, scratch: Tensor) -> None:
    (square,) = state
    torch.mul(g, g, out=scratch)
    square.mul_(h["beta"]).addcmul_(scratch, h["one_minus_beta"])
    torch.sqrt(square, out=scratch).add_(1e-8)
    p.addcdiv_(g.mul_(h["neg_learning_rate"]), scratch)


def _adam(p: Tensor, g: Tensor, state: Sequence[Tensor], h: Columns, scratch: Tensor) -> None:
    mean, square = state
    mean.mul_(h["beta1"]).addcmul_(g, h["one_minus_beta1"])
    torch.mul(g, g, out=scratch)
    square.mul_(h["beta2"]).addcmul_(scratch, h["one_minus_beta2"])
    torch.sqrt(square, out=scratch).mul_(h["root_correction2"]).add_(1e-8)
    p.addcdiv_(torch.mul(mean, h["neg_learning_rate"], out=g), scratch)


def _adamw(p: Tensor, g: Tensor, state: Sequence[Tensor], h: Columns, scratch: Tensor) -> None:
    p.mul_(h["kept"])
    _adam(p, g, state, h, scratch)


def _sgd_columns(config: Config, learning_rate: float, t: int) -> dict[str, float]:
    return {"neg_learning_rate": -learning_rate}


def _momentum_columns(config: Config, learning_rate: float, t: int) -> dict[str, float]:
    beta = config.momentum
    return {"neg_learning_rate": -learning_rate, "momentum": beta, "one_minus_momentum": 1 - beta}


def _rmsprop_columns(config: Config, learning_rate: float, t: int) -> dict[str, float]:
    beta = config.rmsprop_beta
    return {"neg_learning_rate": -learning_rate, "beta": beta, "one_minus_beta": 1 - beta}


def _adam_columns(config: Config, learning_rate: float, t: int) -> dict[str, float]:
    beta1, beta2 = config.adam_beta1, config.adam_beta2
    return {
        "neg_learning_rate": -learning_rate / (1 - beta1**t),
        "root_correction2": 1 / math.sqrt(1 - beta2**t),
        "beta1": beta1,
        "one_minus_beta1": 1 - beta1,
        "beta2": beta2,
        "one_minus_beta2": 1 - beta2,
    }


def _adamw_columns(config: Config, learning_rate: float, t: int) -> dict[str, float]:
    return {**_adam_columns(config, learning_rate, t), "kept": 1 - learning_rate * config.weight_decay}


#: p ← p - η g
sgd = Optimizer(0, _sgd, _sgd_columns)
#: v ← β v + g;  p ← p - η v  (Polyak 1964, in PyTorch's form)
momentum = Optimizer(1, _momentum, _momentum_columns)
#: v ← β v + (1-β) g;  p ← p - η v: an average of the gradients, whose step is 1/(1-β) times shorter
averaged_momentum = Optimizer(1, _averaged_momentum, _momentum_columns)
#: v ← β v + g;  p ← p - η (g + β v)  (Nesterov 1983, in the form of Sutskever et al., ICML 2013, as PyTorch has it)
nesterov = Optimizer(1, _nesterov, _momentum_columns)
#: s ← β s + (1-β) g²;  p ← p - η g / (√s + ε)  (Tieleman and Hinton 2012)
rmsprop = Optimizer(1, _rmsprop, _rmsprop_columns)
#: Kingma and Ba, "Adam", ICLR 2015, algorithm 1
adam = Optimizer(2, _adam, _adam_columns)
#: p ← (1 - η λ) p before each step of Adam  (Loshchilov and Hutter, "Decoupled weight decay", ICLR 2019)
adamw = Optimizer(2, _adamw, _adamw_columns)
