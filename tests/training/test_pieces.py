"""Layers, initialisations, schedules, penalties, random numbers: each against its formula."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from hpsearch import registry
from hpsearch.training import noise, schedules, tasks
from hpsearch.training.clipping import Clipping
from hpsearch.training.config import Config, configure, signature
from hpsearch.training.layers import BatchNorm, Dropout, Sigmoid
from hpsearch.training.layout import fans
from hpsearch.training.penalties import Penalty
from hpsearch.training.stack import Stack
from tests.training import trials

NAMES = registry.names("initialization")


def config(**values: float | str) -> Config:
    return configure(values)


@pytest.mark.parametrize("name", NAMES)
def test_an_initialisation_has_its_stated_variance(name: str) -> None:
    shape, stated = (300, 200), registry.load("initialization", name)
    values = stated(np.random.default_rng(0), shape, fans(torch.Size(shape)), config(init_std=0.3))
    assert values.shape == shape
    assert abs(values.mean()) < 4 * math.sqrt(values.var() / values.size)
    assert values.var() == pytest.approx(stated.variance(200, 300, config(init_std=0.3)), rel=0.03)


def test_no_standard_deviation_is_too_large_to_begin_with() -> None:
    values = registry.load("initialization", "normal")(np.random.default_rng(0), (3, 2), (3, 2), config(init_std=1e300))
    assert not np.isfinite(values).any()


def test_the_stated_variances_are_the_lectures() -> None:
    stated = {name: registry.load("initialization", name).variance(200, 300, config(init_std=0.3)) for name in NAMES}
    assert stated == pytest.approx(
        {
            "he_normal": 2 / 200,
            "he_uniform": 2 / 200,
            "xavier_normal": 1 / 200,
            "xavier_uniform": 2 / 500,
            "standard_normal": 1,
            "normal": 0.09,
        }
    )


def test_fans_of_a_convolution_count_its_kernel() -> None:
    assert fans(torch.Size((8, 3, 5, 5))) == (75, 200)


@pytest.mark.parametrize("name", registry.names("activation"))
def test_an_activation_equals_pytorchs(name: str) -> None:
    x = torch.linspace(-6, 6, 101, dtype=torch.float64)
    ours = registry.load("activation", name)(config())(x)
    torch.testing.assert_close(ours, getattr(functional, name)(x), rtol=1e-12, atol=1e-12)


def test_a_sigmoids_bits_do_not_depend_on_the_place() -> None:
    x, sigmoid = torch.randn(7, 13), Sigmoid(config())
    assert torch.equal(sigmoid(x)[3], sigmoid(x[3]))


def test_batch_norm_equals_pytorchs_in_training_and_evaluation() -> None:
    ours, theirs = BatchNorm(5).double(), torch.nn.BatchNorm1d(5).double()
    x = torch.randn(9, 5, dtype=torch.float64) * 3 + 1
    for _ in range(3):
        torch.testing.assert_close(ours(x), theirs(x), rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(ours.running_mean, theirs.running_mean)
    torch.testing.assert_close(ours.running_var, theirs.running_var)
    torch.testing.assert_close(ours.eval()(x), theirs.eval()(x), rtol=1e-10, atol=1e-10)


def test_losses_equal_their_formulas() -> None:
    outputs, labels = torch.randn(9, 4, dtype=torch.float64), torch.arange(9) % 4
    softmax = outputs.exp() / outputs.exp().sum(1, keepdim=True)
    by_hand = -torch.stack([softmax[i, label].log() for i, label in enumerate(labels.tolist())])
    torch.testing.assert_close(tasks.multiclass.losses(outputs, labels), by_hand, rtol=1e-12, atol=1e-12)
    z, y = outputs[:, :1] * 5, torch.arange(9) % 2
    p = 1 / (1 + (-z.squeeze(1)).exp())
    by_hand = -(y * p.log() + (1 - y) * (1 - p).log())
    torch.testing.assert_close(tasks.binary.losses(z, y), by_hand, rtol=1e-10, atol=1e-12)
    numbers = torch.randn(9, dtype=torch.float64)
    by_hand = (z.squeeze(1) - numbers) ** 2 / 2
    torch.testing.assert_close(tasks.regression.losses(z, numbers), by_hand, rtol=1e-12, atol=0)


def test_a_binary_loss_of_a_sure_network_is_no_infinity() -> None:
    losses = tasks.binary.losses(torch.tensor([[1000.0], [-1000.0]]), torch.tensor([0, 0]))
    assert losses.tolist() == [1000.0, 0.0]


@pytest.mark.parametrize("name", registry.names("task"))
def test_a_losss_bits_do_not_depend_on_the_place(name: str) -> None:
    task = registry.load("task", name)
    outputs = torch.randn(29, task.outputs(3)) * 4
    targets = torch.randn(29) if task.predicted is None else torch.arange(29) % 2
    for first in range(1, 28):
        part = task.losses(outputs[first:], targets[first:])
        assert torch.equal(task.losses(outputs, targets)[first:], part)


def test_schedules_give_their_formulas() -> None:
    c = config(decay_rate=0.5, decay_epochs=3)
    factors = {name: [registry.load("lr_decay", name)(c, e) for e in range(1, 8)] for name in ("none", "step")}
    assert factors["none"] == [1.0] * 7
    assert factors["step"] == [1, 1, 1, 0.5, 0.5, 0.5, 0.25]
    exponential = [registry.load("lr_decay", "exponential")(c, e) for e in range(1, 5)]
    assert exponential == [1, 0.5, 0.25, 0.125]


def test_a_cosine_falls_from_one_and_a_warm_up_stands_in_front() -> None:
    c = config(lr_decay="cosine", epochs=6, warmup_epochs=2, learning_rate=1.0)
    rates = [schedules.learning_rate(c, epoch) for epoch in range(1, 7)]
    assert rates == pytest.approx([1 / 3, 2 / 3, 1, (1 + math.sqrt(0.5)) / 2, 0.5, (1 - math.sqrt(0.5)) / 2])


def test_a_long_gradient_is_shortened_and_a_short_one_is_not() -> None:
    shared = trials.program({"depth": 1, "width": 4}, trials.dataset(dtype=torch.float64))
    own: list[dict[str, float]] = [{}, {"gradient_clip": 2.0}, {"gradient_clip": 1e6}]
    stack = Stack(shared, [trials.start(shared, 1, values, n) for n, values in enumerate(own)])
    stack.gradient.copy_(torch.ones_like(stack.gradient))
    clipping = Clipping.of(stack)
    assert clipping is not None
    clipping.shorten(stack)
    assert stack.gradient.norm(dim=1).tolist() == pytest.approx([63**0.5, 2.0, 63**0.5])
    assert torch.equal(stack.gradient[0], torch.ones_like(stack.gradient[0]))


def test_penalties_add_their_gradient_to_weights_only() -> None:
    program = trials.program({"depth": 1, "width": 4}, trials.dataset(dtype=torch.float64))
    values = {"l1": 0.3, "l2": 0.7}
    stack = Stack(program, [trials.start(program, 1, {}), trials.start(program, 2, values, 1)])
    stack.parameters.normal_(generator=torch.Generator().manual_seed(0))
    stack.gradient.zero_()
    Penalty.of(stack).add_gradient(stack)
    w = program.weights
    expected = 0.3 * stack.parameters[1, :w].sign() + 0.7 * stack.parameters[1, :w]
    torch.testing.assert_close(stack.gradient[1, :w], expected)
    assert not stack.gradient[0].any()
    assert not stack.gradient[1, w:].any()
    assert w == 11 * 4 + 4 * 3


def test_dropout_keeps_the_expected_share_and_the_expected_sum() -> None:
    rates = [0.0, 0.25, 0.9]
    masks = torch.empty(3, 100_000, dtype=torch.float64)
    noise.DropoutMasks([1, 2, 3], [1, 1, 1], rates, 100_000).draw(masks)
    for mask, rate in zip(masks, rates, strict=True):
        assert float((mask > 0).double().mean()) == pytest.approx(1 - rate, abs=0.01)
        assert float(mask.mean()) == pytest.approx(1, abs=0.03)


def test_a_dropout_rate_next_to_one_keeps_something() -> None:
    mask = torch.empty(1, 10**6, dtype=torch.float64)
    noise.DropoutMasks([1], [1], [0.999999], 10**6).draw(mask)
    assert 0 < int((mask > 0).sum()) < 100
    assert mask.isfinite().all()


def test_dropout_does_nothing_in_evaluation() -> None:
    layer = Dropout(3).eval()
    layer.enabled = True
    layer.mask = torch.zeros(3)
    assert torch.equal(layer(torch.ones(2, 3)), torch.ones(2, 3))


@given(seed=st.integers(0, 2**53 - 1), epoch=st.integers(1, 1000), samples=st.integers(1, 200))
def test_an_order_is_a_permutation_and_a_function_of_seed_and_epoch(seed: int, epoch: int, samples: int) -> None:
    order = noise.order(seed, epoch, samples)
    assert Counter(order.tolist()) == Counter(range(samples))
    assert torch.equal(order, noise.order(seed, epoch, samples))


def test_streams_differ_by_seed_purpose_and_epoch() -> None:
    draws = {
        noise.generator(seed, purpose, epoch).integers(2**62)
        for seed in (0, 1)
        for purpose in noise.Purpose
        for epoch in (0, 1, 2)
    }
    assert len(draws) == 2 * len(noise.Purpose) * 3


def test_a_signature_holds_exactly_what_is_not_fusible() -> None:
    names = {name for name, _ in signature(configure({}))}
    assert names == {
        *("depth", "width", "channels", "block", "shortcut"),
        *("activation", "leaky_slope", "batch_norm", "batch_size"),
    }
    fusible_ones = configure({"dropout": 0.3, "optimizer": "sgd", "learning_rate": 1.0, "epochs": 3})
    assert signature(fusible_ones) == signature(configure({}))


@pytest.mark.parametrize("name", registry.names("hyperparameters"))
def test_every_declared_hyperparameter_is_read_by_training(name: str) -> None:
    assert name in Config.__dataclass_fields__
    assert getattr(configure({}), name) == registry.load("hyperparameters", name).default
