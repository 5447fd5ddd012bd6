from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from hpsearch.training import rbm
from hpsearch.training.config import configure
from hpsearch.training.data.arrays import Dataset
from hpsearch.training.noise import Purpose, generator
from hpsearch.training.program import Program
from hpsearch.training.state import TrialState, begin
from tests.training import trials
from tests.training.test_rbm import digits

SHARED: dict[str, Any] = {"depth": 2, "width": 64, "batch_size": 16, "activation": "sigmoid"}
PRETRAINING = st.fixed_dictionaries(
    {
        "pretrain_epochs": st.integers(0, 3),
        "pretrain_learning_rate": st.floats(1e-3, 0.5),
        "cd_steps": st.integers(1, 3),
    }
)


def images() -> Dataset:
    x = digits()
    y = torch.arange(500) % 10
    return Dataset(10, x, y, x, y, x, y)


def start(data: Dataset, model: str = "dbn", seed: int = 3, **values: Any) -> TrialState:
    config = configure(SHARED | values)
    return begin(Program(model, config, data), 0, seed, config)


def named(data: Dataset, **values: Any) -> dict[str, torch.Tensor]:
    state = start(data, **values)
    return Program("dbn", state.config, data).named_weights(state.parameters, state.buffers)


def test_every_machines_reconstruction_error_falls_in_every_epoch() -> None:
    signals = start(images(), pretrain_epochs=5, pretrain_learning_rate=0.1).signals
    assert list(signals) == ["reconstruction_error_1", "reconstruction_error_2"]
    for errors in signals.values():
        assert len(errors) == 5
        assert all(later < earlier for earlier, later in itertools.pairwise(errors))


def test_without_pretraining_it_is_an_mlp_bit_for_bit() -> None:
    data = trials.dataset()
    values = SHARED | {"width": 9, "batch_norm": True, "dropout": 0.3, "pretrain_epochs": 0}
    ends = []
    for model in ("mlp", "dbn"):
        program = Program(model, configure(values), data)
        state = begin(program, 0, 5, configure(values))
        assert state.signals == {}
        told = trials.train(program, [state], epochs=2)
        ends.append((told, program.named_weights(state.parameters, state.buffers)))
    (mlp_told, mlp), (dbn_told, dbn) = ends
    assert mlp_told == dbn_told
    assert list(mlp) == list(dbn)
    assert all(torch.equal(mlp[name], dbn[name]) for name in mlp)


def test_pretraining_changes_the_hidden_layers_and_leaves_the_rest_to_the_initialization() -> None:
    data = images()
    plain, pretrained = named(data, pretrain_epochs=0), named(data, pretrain_epochs=1)
    hidden = {"1.weight", "1.bias", "4.weight", "4.bias"}
    assert {name for name in plain if not torch.equal(plain[name], pretrained[name])} == hidden


def test_each_machine_learns_the_probabilities_that_the_layers_below_give_with_random_numbers_of_its_own() -> None:
    data = images()
    state = start(data, pretrain_epochs=3)
    program = Program("dbn", state.config, data)
    program.network.load_state_dict(program.named_weights(state.parameters, state.buffers))
    layers = list(program.network.children())
    given = data.train_x
    for number, end in ((1, 4), (2, 7)):
        rng = generator(3, Purpose.PRETRAINING, number)
        _, given, errors = rbm.train(given, 64, epochs=3, batch=16, steps=1, learning_rate=0.05, rng=rng)
        torch.testing.assert_close(nn.Sequential(*layers[:end])(data.train_x), given)
        assert state.signals[f"reconstruction_error_{number}"] == errors


def test_a_network_of_any_activation_gets_the_same_pretraining() -> None:
    data = images()
    one, other = (named(data, activation=name) for name in ("sigmoid", "relu"))
    assert all(torch.equal(one[name], other[name]) for name in one if name.startswith(("1.", "4.")))


def test_images_and_full_batches_are_taken_as_they_are() -> None:
    flat = images()
    pixels = digits().view(-1, 1, 8, 8)
    square = replace(flat, train_x=pixels, dev_x=pixels, test_x=pixels)
    one, other = (named(data, batch_size="full", pretrain_epochs=2) for data in (flat, square))
    assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@settings(max_examples=6)
@given(
    shared=trials.structure,
    members=st.lists(st.tuples(PRETRAINING, trials.fusible, st.integers(0, 2**53 - 1)), min_size=2, max_size=4),
    binary=st.booleans(),
)
def test_trials_with_pretrainings_of_their_own_train_in_a_stack_as_alone(
    dtype: torch.dtype, shared: dict[str, Any], members: list[tuple[Any, Any, int]], binary: bool
) -> None:
    data = trials.dataset(dtype=dtype)
    if binary:
        data = replace(data, train_x=torch.sigmoid(data.train_x))
    program = Program("dbn", configure(shared), data)

    def fresh(number: int) -> TrialState:
        pretraining, own, seed = members[number]
        return begin(program, number, seed, configure(shared | own | pretraining))

    together = [fresh(number) for number in range(len(members))]
    measured = [dict(state.signals) for state in together]
    told = trials.train(program, together, epochs=2)
    for number, state in enumerate(together):
        alone = fresh(number)
        assert alone.signals == measured[number]
        lone = trials.train(program, [alone], epochs=2)[number]
        if all(value == value for epoch in lone for value in epoch.values()):
            assert lone == told[number]
            assert torch.equal(alone.parameters, state.parameters)


def test_what_pretraining_measured_travels_with_the_first_epoch_only() -> None:
    data = images()
    program = Program("dbn", configure(SHARED), data)
    state = begin(program, 0, 1, configure(SHARED))
    measured = dict(state.signals)
    trials.train(program, [state], epochs=1)
    assert measured.items() <= dict(state.signals).items()
    trials.train(program, [state], epochs=1)
    assert not measured.keys() & dict(state.signals).keys()
