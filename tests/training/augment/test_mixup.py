"""Mixup, against the formulas of the paper."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from hpsearch import registry
from hpsearch.training.augment.pipeline import Pipeline
from hpsearch.training.data.arrays import Dataset
from hpsearch.training.stack import Stack
from tests.training import trials
from tests.training.augment import augmented

TASKS = registry.names("task")
DATA = {task: trials.dataset(samples=900, task=task, dtype=torch.float64) for task in TASKS}


def mixed(data: Dataset, alpha: float, batch: int) -> tuple[torch.Tensor, list[torch.Tensor]]:
    stack = augmented.stack(data, [{"mixup": alpha}], batch=batch)
    chosen = torch.randperm(len(data.train_y), generator=torch.Generator().manual_seed(0))[None, :batch]
    x, targets = augmented.step(Pipeline(stack), data, chosen)
    return x[0], [data.train_x[chosen[0]], *(target[0] for target in targets)]


@pytest.mark.parametrize("task", TASKS)
def test_samples_are_mixed_with_the_one_at_the_mirrored_place(task: str) -> None:
    x, (before, y, other, share) = mixed(DATA[task], 0.7, batch=9)
    for i in range(9):
        weight = float(share[i])
        torch.testing.assert_close(x[i], weight * before[i] + (1 - weight) * before[8 - i], rtol=1e-12, atol=1e-12)
    assert torch.equal(other, y.flip(0))


@pytest.mark.parametrize("alpha", [0.2, 1.0, 5.0])
def test_the_larger_share_is_the_samples_own_and_beta_distributed(alpha: float) -> None:
    *_, share = mixed(DATA["multiclass"], alpha, batch=540)[1]
    assert float(share.min()) >= 0.5
    assert float(share.max()) <= 1
    # Var Beta(α, α) = 1 / (4 (2α + 1)), and max(λ, 1 - λ) keeps (λ - ½)².
    assert float((share - 0.5).square().mean()) == pytest.approx(1 / (4 * (2 * alpha + 1)), rel=0.15)


@pytest.mark.parametrize("task", TASKS)
def test_loss_and_gradient_are_the_mixtures(task: str) -> None:
    data = DATA[task]
    x, (_, y, other, share) = mixed(data, 0.7, batch=9)
    program = trials.program({"width": 5, "batch_size": 9}, data)
    stack = Stack(program, [trials.start(program, 1, {})])
    leaves = [view.requires_grad_() for view in program.parameters.views(stack.parameters.clone())]
    state = {name: leaf[0] for name, leaf in zip(program.parameters.names, leaves, strict=True)}
    outputs = torch.func.functional_call(program.network, state, (x,))
    one, two = program.task.losses(outputs, y), program.task.losses(outputs, other)
    expected = torch.stack([float(share[i]) * one[i] + (1 - float(share[i])) * two[i] for i in range(9)]).mean()
    gradients = torch.autograd.grad(expected, leaves)
    step = program.step(
        program.parameters.views(stack.parameters), [], [], x[None], [t[None] for t in (y, other, share)]
    )
    torch.testing.assert_close(step[0][0], expected.detach(), rtol=1e-12, atol=1e-12)
    for ours, by_hand in zip(step[2:], gradients, strict=True):
        torch.testing.assert_close(ours, by_hand, rtol=1e-10, atol=1e-12)
    if program.task.predicted is not None:
        assert int(step[1][0]) == int((program.task.predicted(outputs) == y).sum())


@pytest.mark.parametrize("task", TASKS)
def test_a_step_without_mixing_keeps_its_bits_beside_one_with_it(task: str) -> None:
    data = trials.dataset(task=task)
    plain: dict[str, Any] = {"width": 7, "batch_size": 9}
    mixing = plain | {"mixup": 0.5}
    chosen = torch.arange(9).expand(2, -1)
    results = []
    for own in ([plain, plain], [plain, mixing]):
        program = trials.program(plain, data)
        stack = Stack(program, [trials.start(program, n, values, n) for n, values in enumerate(own)])
        x, targets = augmented.step(Pipeline(stack), data, chosen)
        views = program.parameters.views(stack.parameters)
        results.append([part[0] for part in program.step(views, [], [], x, targets)])
    assert all(torch.equal(one, other) for one, other in zip(*results, strict=True))


@pytest.mark.parametrize("partner", [float("inf"), 1e30])
def test_a_partner_without_a_finite_loss_leaves_what_is_not_mixed_as_it_is(partner: float) -> None:
    data = trials.dataset(task="regression")
    program = trials.program({"width": 7, "batch_size": 9}, data)
    stack = Stack(program, [trials.start(program, 1, {})])
    views = program.parameters.views(stack.parameters)
    x, y = data.train_x[None, :9], data.train_y[None, :9]
    plain = [part.clone() for part in program.step(views, [], [], x, [y])]
    beside = program.step(views, [], [], x, [y, torch.full_like(y, partner), torch.ones_like(y)])
    assert torch.equal(plain[0], beside[0])
    if partner < float("inf"):
        assert all(torch.equal(one, other) for one, other in zip(plain, beside, strict=True))


def test_a_batch_of_one_has_nobody_to_mix_with() -> None:
    x, (before, y, other, _) = mixed(DATA["multiclass"], 0.7, batch=1)
    torch.testing.assert_close(x, before, rtol=1e-12, atol=0)
    assert torch.equal(y, other)
