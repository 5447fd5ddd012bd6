"""Each optimizer equals PyTorch's own on a random problem, each row of a stack with its own settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch

from hpsearch import registry
from hpsearch.training.config import configure
from hpsearch.training.optimizers import Optimizer

SETTINGS: dict[str, list[dict[str, Any]]] = {
    "sgd": [{}, {}, {}],
    "momentum": [{"momentum": 0.0}, {"momentum": 0.5}, {"momentum": 0.99}],
    "averaged_momentum": [{"momentum": 0.0}, {"momentum": 0.5}, {"momentum": 0.99}],
    "nesterov": [{"momentum": 0.1}, {"momentum": 0.5}, {"momentum": 0.99}],
    "rmsprop": [{"rmsprop_beta": 0.5}, {"rmsprop_beta": 0.9}, {"rmsprop_beta": 0.999}],
    "adam": [
        {"adam_beta1": 0.0, "adam_beta2": 0.9},
        {"adam_beta1": 0.9, "adam_beta2": 0.999},
        {"adam_beta1": 0.95, "adam_beta2": 0.99},
    ],
    "adamw": [{"weight_decay": 0.0}, {"weight_decay": 0.1, "adam_beta1": 0.8}, {"weight_decay": 2.0}],
}
RATES = [0.3, 0.01, 1e-3]
Parameters = Sequence[torch.Tensor]
THEIRS: dict[str, Callable[[Parameters, float, Any], torch.optim.Optimizer]] = {
    # v ← βv + (1-β)g is (1-β) times PyTorch's v, so its step is that of a learning rate (1-β) times as large.
    "averaged_momentum": lambda p, lr, c: torch.optim.SGD(p, lr * (1 - c.momentum), momentum=c.momentum),
    "sgd": lambda p, lr, c: torch.optim.SGD(p, lr),
    "momentum": lambda p, lr, c: torch.optim.SGD(p, lr, momentum=c.momentum),
    "nesterov": lambda p, lr, c: torch.optim.SGD(p, lr, momentum=c.momentum, nesterov=True),
    "rmsprop": lambda p, lr, c: torch.optim.RMSprop(p, lr, alpha=c.rmsprop_beta),
    "adam": lambda p, lr, c: torch.optim.Adam(p, lr, betas=(c.adam_beta1, c.adam_beta2)),
    "adamw": lambda p, lr, c: torch.optim.AdamW(p, lr, betas=(c.adam_beta1, c.adam_beta2), weight_decay=c.weight_decay),
}


@pytest.mark.parametrize("name", registry.names("optimizer"))
def test_an_optimizer_equals_pytorchs(name: str) -> None:
    rule: Optimizer = registry.load("optimizer", name)
    configs = [configure({"optimizer": name, **own}) for own in SETTINGS[name]]
    rng = torch.Generator().manual_seed(0)
    start = torch.randn(3, 50, generator=rng, dtype=torch.float64)
    gradients = torch.randn(20, 3, 50, generator=rng, dtype=torch.float64)

    ours, scratch = start.clone(), torch.empty_like(start)
    state = list(torch.zeros(rule.slots, 3, 50, dtype=torch.float64))
    for t, g in enumerate(gradients):
        rows = [rule.columns(c, lr, t + 1) for c, lr in zip(configs, RATES, strict=True)]
        settings = {k: torch.tensor([[row[k]] for row in rows], dtype=torch.float64) for k in rows[0]}
        rule.update(ours, g.clone(), state, settings, scratch)

    for row, (config, rate) in enumerate(zip(configs, RATES, strict=True)):
        p = start[row].clone().requires_grad_()
        theirs = THEIRS[name]([p], rate, config)
        for g in gradients:
            p.grad = g[row].clone()
            theirs.step()
        torch.testing.assert_close(ours[row], p.detach(), rtol=1e-12, atol=1e-12)
