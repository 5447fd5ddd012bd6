"""Kernels for images: right values and gradients, and the same bits whatever stands beside."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.func import vmap
from torch.nn import functional

from hpsearch.training.arena import Arena
from hpsearch.training.convolution import Conv2d, GlobalMean, MaxPool
from hpsearch.training.kernels import convolve, largest, normalise
from hpsearch.training.layers import BatchNorm
from hpsearch.training.trace import record

Stacked = Callable[..., list[Tensor]]


def random(*shape: int, dtype: torch.dtype = torch.float64, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def layer(stride: int) -> Stacked:
    """A convolution, batch norm, max pool and mean of each trial: results and gradients."""

    def alone(x: Tensor, weight: Tensor, bias: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        y, mean, inverse = normalise(convolve(x, weight, bias, stride, 1), scale, shift, 1e-5)
        return functional.max_pool2d(y, 2, 1, 1).mean((-2, -1)).square().mean() + (mean * inverse).sum() * 0

    def stacked(*given: Tensor) -> list[Tensor]:
        leaves = [tensor.detach().requires_grad_() for tensor in given]
        losses = vmap(alone)(*leaves)
        return [losses.detach(), *torch.autograd.grad(losses.sum(), leaves)]

    return stacked


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@settings(max_examples=30)
@given(
    trials=st.integers(2, 7),
    samples=st.integers(1, 5),
    maps=st.tuples(st.integers(1, 9), st.integers(1, 17)),
    size=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    stride=st.integers(1, 2),
    kernel=st.sampled_from([3, 5]),
)
def test_a_trials_bits_do_not_depend_on_its_neighbours(
    dtype: torch.dtype,
    trials: int,
    samples: int,
    maps: tuple[int, int],
    size: tuple[int, int],
    stride: int,
    kernel: int,
) -> None:
    size = max(size[0], kernel - 2), max(size[1], kernel - 2)
    shapes = [(samples, maps[0], *size), (maps[1], maps[0], kernel, kernel), *[(maps[1],)] * 3]
    given = [random(trials, *shape, dtype=dtype, seed=n) for n, shape in enumerate(shapes)]
    together = layer(stride)(*given)
    for trial in range(trials):
        alone = layer(stride)(*(tensor[trial : trial + 1].clone() for tensor in given))
        for one, of_all in zip(alone, together, strict=True):
            assert torch.equal(one[0], of_all[trial])


@pytest.mark.parametrize("trials", [1, 3])
def test_a_replay_gives_the_same_bits(trials: int) -> None:
    shapes = [(2, 3, 7, 6), (4, 3, 3, 3), (4,), (4,), (4,)]
    first, second = ([random(trials, *shape, seed=n) for n, shape in enumerate(shapes, start)] for start in (0, 9))
    recorded, replay = record(layer(1), first)
    for values, told in ((first, recorded), (second, replay(second, Arena(torch.device("cpu")))())):
        for ours, theirs in zip(told, layer(1)(*values), strict=True):
            assert torch.equal(ours, theirs)


def test_gradients_are_those_of_finite_differences_without_vmap() -> None:
    x, weight, bias = (random(*s).requires_grad_() for s in ((2, 2, 5, 4), (3, 2, 3, 3), (3,)))
    assert torch.autograd.gradcheck(lambda x, w, b: convolve(x, w, b, 2, 1), (x, weight, bias))
    assert torch.autograd.gradcheck(lambda x, w: convolve(x, w, None, 1, 1), (x, weight))
    scale, shift = random(2).requires_grad_(), random(2).requires_grad_()
    assert torch.autograd.gradcheck(lambda x, w, b: normalise(x, w, b, 1e-5)[0], (x, scale, shift))


def test_what_all_trials_share_needs_no_trial_axis() -> None:
    x, weight = random(2, 3, 6, 6), random(4, 5, 3, 3, 3)
    out = vmap(lambda w: convolve(x, w, None, 1, 1))(weight)
    assert torch.equal(out, torch.stack([functional.conv2d(x, w, None, 1, 1) for w in weight]))


@pytest.mark.parametrize(("kernel", "stride"), [(1, 1), (1, 2), (3, 1), (3, 2), (5, 1), (7, 2)])
def test_a_convolution_has_half_its_kernel_as_border(kernel: int, stride: int) -> None:
    conv = Conv2d(2, 3, kernel, stride).double()
    torch.nn.init.normal_(conv.weight)
    theirs = torch.nn.Conv2d(2, 3, kernel, stride, kernel // 2).double()
    theirs.load_state_dict(conv.state_dict())
    x = random(2, 2, 9, 8)
    torch.testing.assert_close(conv(x), theirs(x))


def test_a_max_pool_halves_and_a_global_mean_takes_what_is_left() -> None:
    x = torch.arange(20.0).view(1, 1, 4, 5)
    assert MaxPool()(x).tolist() == [[[[6, 8], [16, 18]]]]
    assert GlobalMean()(x).tolist() == [[9.5]]


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_batch_norm_of_images_has_one_scale_for_a_channel(device: str) -> None:
    network = BatchNorm(3).to(device)
    assert network(torch.zeros(2, 3, 4, 5, device=device)).shape == (2, 3, 4, 5)
    assert network.running_var.shape == (3,)


def test_batch_norm_of_images_equals_pytorchs_in_training_and_evaluation() -> None:
    ours, theirs = BatchNorm(3).double(), torch.nn.BatchNorm2d(3).double()
    for seed in range(3):
        x = random(4, 3, 5, 2, seed=seed) * 3 + 1
        torch.testing.assert_close(ours(x), theirs(x), rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(ours.running_mean, theirs.running_mean)
    torch.testing.assert_close(ours.running_var, theirs.running_var)
    torch.testing.assert_close(ours.eval()(x), theirs.eval()(x), rtol=1e-10, atol=1e-10)


def test_batch_norm_gives_the_same_by_the_kernel_and_by_its_formula() -> None:
    x, kernel, formula = random(4, 3, 5, 2), BatchNorm(3).double(), BatchNorm(3).double()
    torch.testing.assert_close(kernel(x).flatten(2), formula(x.flatten(2)), rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(kernel.running_mean, formula.running_mean, rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(kernel.running_var, formula.running_var, rtol=1e-10, atol=0)


def test_one_value_for_a_channel_leaves_no_number_undefined() -> None:
    network = BatchNorm(2)
    y = network(random(1, 2, 1, 1, dtype=torch.float32))
    torch.testing.assert_close(y, torch.zeros(1, 2, 1, 1), rtol=0, atol=1e-5)
    assert torch.isfinite(network.running_var).all()
    assert torch.isfinite(network.eval()(torch.ones(1, 2, 1, 1))).all()


@pytest.mark.parametrize("window", [(2, 2, 0), (3, 2, 1), (3, 1, 1), (2, 1, 0)])
@pytest.mark.parametrize("size", [(6, 8), (7, 5)])
def test_pooling_is_pytorchs(window: tuple[int, int, int], size: tuple[int, int]) -> None:
    # Rounded, so that there are equal numbers in a window; some windows hold none but zeros.
    x = random(2, 3, 4, *size, seed=1).round().relu()
    theirs_in, ours_in = (x.clone().requires_grad_() for _ in range(2))
    theirs = torch.stack([functional.max_pool2d(part, *window) for part in theirs_in])
    ours = vmap(lambda part: largest(part, *window))(ours_in)
    weights = random(*theirs.shape, seed=2)
    (of_theirs,), (of_ours,) = (
        torch.autograd.grad((pooled * weights).sum(), [given])
        for pooled, given in ((theirs, theirs_in), (ours, ours_in))
    )
    assert torch.equal(ours, theirs)
    assert torch.equal(of_ours, of_theirs)
    with torch.no_grad():
        assert torch.equal(vmap(lambda part: largest(part, *window))(x), theirs)
        assert torch.equal(largest(x[0], *window), theirs[0])
    alone = x[0].clone().requires_grad_()
    (of_alone,) = torch.autograd.grad((largest(alone, *window) * weights[0]).sum(), [alone])
    assert torch.equal(of_alone, of_theirs[0])


def test_pooling_lets_nothing_that_is_no_number_vanish() -> None:
    x = torch.zeros(1, 2, 4, 4)
    x[0, 1, 2, 1] = torch.nan
    with torch.no_grad():
        assert largest(x, 2, 2, 0).isnan().sum() == 1
    assert largest(x, 2, 2, 0).isnan().sum() == 1
