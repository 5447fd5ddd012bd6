"""A replay does what the recorded function does, on new values too."""

from __future__ import annotations

import weakref

import pytest
import torch
from torch import Tensor
from torch.func import vmap

from hpsearch.training.arena import Arena
from hpsearch.training.replay import Bind
from hpsearch.training.trace import record


def step(w: Tensor, x: Tensor, total: Tensor) -> list[Tensor]:
    leaf = w.detach().requires_grad_()
    loss = vmap(lambda w, x: torch.tanh(x @ w.t()).square().mean())(leaf, x)
    total.add_(loss.detach())
    return [loss.detach(), *torch.autograd.grad(loss.sum(), [leaf])]


def called(replay: Bind, *arguments: Tensor) -> list[Tensor]:
    return replay(arguments, Arena(torch.device("cpu")))()


def arguments(seed: int) -> list[Tensor]:
    rng = torch.Generator().manual_seed(seed)
    return [torch.randn(3, 4, 5, generator=rng), torch.randn(3, 7, 5, generator=rng), torch.zeros(3)]


def test_a_replay_gives_the_same_bits_and_changes_the_same_in_place() -> None:
    recorded = arguments(0)
    result, replay = record(step, recorded)
    direct = arguments(0)
    for ours, theirs in zip(result, step(*direct), strict=True):
        assert torch.equal(ours, theirs)
    assert torch.equal(recorded[2], direct[2]), "recording ran the function other than once"
    for seed in (1, 2):
        ours_in, theirs_in = arguments(seed), arguments(seed)
        for ours, theirs in zip(called(replay, *ours_in), step(*theirs_in), strict=True):
            assert torch.equal(ours, theirs)
        assert torch.equal(ours_in[2], theirs_in[2])


def test_kernels_with_several_results_are_replayed() -> None:
    def largest(x: Tensor) -> list[Tensor]:
        values, places = x.max(1)
        return [values * 2, places]

    _, replay = record(largest, [torch.randn(3, 4)])
    x = torch.randn(3, 4)
    assert torch.equal(called(replay, x)[0], x.max(1).values * 2)
    assert torch.equal(called(replay, x)[1], x.max(1).indices)


def test_recording_keeps_no_tensor_alive() -> None:
    seen: list[weakref.ref[Tensor]] = []

    def function(x: Tensor) -> list[Tensor]:
        between = x + 1
        seen.append(weakref.ref(between))
        result = between * 2
        del between
        assert seen[0]() is None
        return [result]

    result, replay = record(function, [torch.ones(3)])
    assert result[0].tolist() == called(replay, torch.ones(3))[0].tolist() == [4.0] * 3


def test_a_tensor_from_outside_is_refused() -> None:
    outside = torch.randn(3)
    with pytest.raises(ValueError, match="outside the recorded function"):
        record(lambda x: [x + outside], [torch.randn(3)])


def test_places_that_are_used_again_do_not_spoil_what_is_read_later() -> None:
    def function(x: Tensor, w: Tensor) -> list[Tensor]:
        kept = torch.tanh(x)
        y = kept
        for _ in range(5):
            y = torch.relu(y @ w) + kept.t()
        return [y, kept, y.t()]

    _, replay = record(function, [torch.randn(4, 4), torch.randn(4, 4)])
    for seed in range(3):
        given = list(torch.randn(2, 4, 4, generator=torch.Generator().manual_seed(seed)).unbind())
        for ours, theirs in zip(called(replay, *given), function(*given), strict=True):
            assert torch.equal(ours, theirs)


def test_a_replay_reads_what_its_arguments_hold_now() -> None:
    x = torch.ones(3, 2)
    _, replay = record(lambda x: [x.t() * 2], [x])
    run = replay([x], Arena(x.device))
    x.fill_(5)
    assert run()[0].tolist() == [[10.0] * 3] * 2


def test_what_is_changed_in_place_is_no_constant() -> None:
    def function(x: Tensor) -> list[Tensor]:
        total = torch.zeros_like(x)
        before = total + 1
        view = total.t()
        total.add_(x)
        return [total * 2, before, view * 3]

    _, replay = record(function, [torch.ones(2, 2)])
    x = torch.arange(4.0).view(2, 2)
    run = replay([x], Arena(x.device))
    for _ in range(2):
        for ours, theirs in zip(run(), function(x), strict=True):
            assert torch.equal(ours, theirs)


def test_kernels_without_a_place_to_write_to_are_replayed() -> None:
    def function(x: Tensor) -> list[Tensor]:
        parts = torch.cat([x, x.flip(0)]).unbind(0)
        return [parts[0] + parts[3].clone(), parts[1]]

    _, replay = record(function, [torch.randn(2, 3)])
    x = torch.randn(2, 3)
    for ours, theirs in zip(called(replay, x), function(x), strict=True):
        assert torch.equal(ours, theirs)
