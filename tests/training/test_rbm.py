from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from torch import Tensor

from hpsearch.training import rbm
from hpsearch.training.noise import Purpose, generator
from hpsearch.training.rbm import RBM, ContrastiveDivergence

SETTINGS: dict[str, Any] = {"epochs": 5, "batch": 16, "steps": 1, "learning_rate": 0.1}


def rng(seed: int = 0) -> np.random.Generator:
    return generator(seed, Purpose.PRETRAINING, 1)


def digits() -> Tensor:
    """Pixels [sample, 64] from 0 to 1."""
    return torch.from_numpy(load_digits(return_X_y=True)[0][:500] / 16).float()


def sigmoid(z: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.asarray(1 / (1 + np.exp(-z)))


def tiny(gaussian: bool = False) -> RBM:
    """Three visible and two hidden units."""
    weight = torch.tensor([[0.5, -1.0, 2.0], [-0.3, 0.8, 0.1]], dtype=torch.float64)
    hidden_bias = torch.tensor([0.2, -0.4], dtype=torch.float64)
    visible_bias = torch.tensor([0.1, -0.2, 0.3], dtype=torch.float64)
    return RBM(weight, hidden_bias, visible_bias, gaussian)


@pytest.mark.parametrize("gaussian", [False, True], ids=["binary", "gaussian"])
@pytest.mark.parametrize("steps", [1, 3])
def test_two_steps_equal_contrastive_divergence_written_out(steps: int, gaussian: bool) -> None:
    machine = tiny(gaussian)
    W, c, b = (tensor.numpy().copy() for tensor in (machine.weight, machine.hidden_bias, machine.visible_bias))
    data = np.array([[1.0, 0.0, 1.0], [0.0, 0.0, 1.0], [1.0, 1.0, 0.0], [0.0, 1.0, 1.0]])
    divergence = ContrastiveDivergence(machine, batch=4, steps=steps, rng=rng())
    for rate in (0.6, 0.3):
        divergence.update(torch.from_numpy(data), rate)

    draws = rng()
    step_W, step_c, step_b = np.zeros((2, 3)), np.zeros(2), np.zeros(3)
    for rate in (0.6, 0.3):
        driven = probability = sigmoid(data @ W.T + c)
        for _ in range(steps):
            state = (draws.random((4, 2), dtype=np.float32) < probability).astype(float)
            mean = state @ W + b
            back = mean if gaussian else sigmoid(mean)
            probability = sigmoid(back @ W.T + c)
        gradient = sum(np.outer(driven[n], data[n]) - np.outer(probability[n], back[n]) for n in range(4)) / 4
        step_W = 0.9 * step_W + rate * gradient
        step_c = 0.9 * step_c + rate * (driven - probability).mean(0)
        step_b = 0.9 * step_b + rate * (data - back).mean(0)
        W, c, b = W + step_W, c + step_c, b + step_b
    np.testing.assert_allclose(machine.weight, W, rtol=0, atol=1e-14)
    np.testing.assert_allclose(machine.hidden_bias, c, rtol=0, atol=1e-14)
    np.testing.assert_allclose(machine.visible_bias, b, rtol=0, atol=1e-14)


def log_likelihood(machine: RBM, data: Tensor) -> float:
    """Mean log p(v), exactly: the partition function sums over all states."""
    visible, hidden = (
        torch.tensor(list(itertools.product([0.0, 1.0], repeat=size)), dtype=machine.weight.dtype)
        for size in reversed(machine.weight.shape)
    )

    def joint(v: Tensor) -> Tensor:
        """-E(v, h) [visible state, hidden state]."""
        return (v @ machine.visible_bias)[:, None] + hidden @ machine.hidden_bias + v @ machine.weight.t() @ hidden.t()

    return float(joint(data).logsumexp(1).mean() - joint(visible).flatten().logsumexp(0))


def test_training_raises_the_exact_likelihood_and_more_steps_raise_it_further() -> None:
    # Either the first two units are on and the third is off, or the other way round: one bit, not three.
    data = torch.tensor([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]], dtype=torch.float64).repeat(50, 1)
    assert log_likelihood(RBM.begin(data, 2, rng()), data) == pytest.approx(3 * np.log(0.5), abs=0.01)
    settings = SETTINGS | {"epochs": 200, "learning_rate": 0.02}
    one, five = (rbm.train(data, 2, **settings | {"steps": steps}, rng=rng())[0] for steps in (1, 5))
    assert 1.8 * np.log(0.5) < log_likelihood(one, data) < log_likelihood(five, data) < np.log(0.5)
    assert log_likelihood(five, data) > 1.3 * np.log(0.5)


@pytest.mark.parametrize("data", [digits(), (digits() - 0.3) / 0.4], ids=["binary", "gaussian"])
def test_the_reconstruction_error_falls_in_every_epoch(data: Tensor) -> None:
    machine, _, errors = rbm.train(data, 64, **SETTINGS, rng=rng())
    assert machine.gaussian == bool(data.min() < 0)
    assert all(later < earlier for earlier, later in itertools.pairwise(errors))
    assert errors[-1] < 0.5 * RBM.begin(data, 64, rng()).reconstruct(data, torch.empty(500, 64))


def test_the_learning_rate_falls_in_a_line_and_is_a_tenth_for_gaussian_units(monkeypatch: pytest.MonkeyPatch) -> None:
    rates: list[float] = []
    monkeypatch.setattr(ContrastiveDivergence, "update", lambda self, v, rate: rates.append(rate))
    for data in (digits(), digits() - 0.5):
        rbm.train(data, 3, **SETTINGS | {"batch": 100, "epochs": 4}, rng=rng())
    line = [rate for rate in (0.1, 0.075, 0.05, 0.025) for _ in range(5)]
    assert rates == pytest.approx([*line, *(rate / 10 for rate in line)])


def test_the_error_and_the_features_are_those_of_one_pass_without_sampling() -> None:
    data = digits().double().repeat(5, 1)  # more than are reconstructed at once
    machine, features, errors = rbm.train(data, 9, **SETTINGS, rng=rng())
    W, c, b = machine.weight.numpy(), machine.hidden_bias.numpy(), machine.visible_bias.numpy()
    h = sigmoid(data.numpy() @ W.T + c)
    np.testing.assert_allclose(features, h, atol=1e-12)
    assert errors[-1] == pytest.approx(((sigmoid(h @ W + b) - data.numpy()) ** 2).mean(), rel=1e-12)


def test_a_machine_begins_with_the_mean_of_its_data_and_small_weights() -> None:
    binary = torch.tensor([[0.0, 1.0, 1.0, 0.5]]).repeat(98, 1)
    start = RBM.begin(binary, 500, rng())
    np.testing.assert_allclose(torch.sigmoid(start.visible_bias), [0.01, 0.99, 0.99, 0.5], atol=1e-6)
    assert float(start.weight.std()) == pytest.approx(0.01, rel=0.1)
    assert not start.hidden_bias.any()
    shifted = RBM.begin(binary * 6 - 3, 5, rng())
    assert shifted.gaussian
    assert shifted.visible_bias.tolist() == [-3.0, 3.0, 3.0, 0.0]


def test_training_is_a_function_of_generator_settings_and_data() -> None:
    results = []
    for seed, noise in ((1, 0), (1, 99), (2, 0)):
        torch.manual_seed(noise)
        np.random.seed(noise)
        results.append(rbm.train(digits(), 7, **SETTINGS, rng=rng(seed)))
    (one, features, errors), (same, same_features, same_errors), (other, *_) = results
    assert torch.equal(one.weight, same.weight)
    assert torch.equal(features, same_features)
    assert errors == same_errors
    assert not torch.equal(one.weight, other.weight)


@pytest.mark.parametrize("batch", [1, 7, 100])
def test_any_batch_lowers_the_error(batch: int) -> None:
    settings = SETTINGS | {"batch": batch, "learning_rate": 0.01 * batch**0.5, "epochs": 20}
    _, _, errors = rbm.train(digits(), 6, **settings, rng=rng())
    assert errors[-1] < 0.95 * errors[0]


def test_no_batch_is_larger_than_a_hundred_or_than_the_data() -> None:
    for samples, most in ((500, 100), (60, 60)):
        data = digits()[:samples]
        (one, _, errors), (other, _, others) = (
            rbm.train(data, 6, **SETTINGS | {"batch": batch}, rng=rng()) for batch in (most, 500)
        )
        assert torch.equal(one.weight, other.weight)
        assert errors == others


def test_data_is_left_as_it_was() -> None:
    data = digits()
    rbm.train(data, 6, **SETTINGS, rng=rng())
    assert torch.equal(data, digits())
