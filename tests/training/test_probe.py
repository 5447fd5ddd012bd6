"""What is measured inside a network: right, the same alone and in a stack, and without a trace in the training."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.func import functional_call

from hpsearch.events import Signals
from hpsearch.training import probe
from hpsearch.training.config import configure
from hpsearch.training.data.arrays import Dataset
from hpsearch.training.fit import train_epoch
from hpsearch.training.noise import order
from hpsearch.training.program import Program
from hpsearch.training.stack import Stack
from hpsearch.training.state import TrialState
from hpsearch.training.tasks import cross_entropy
from tests.training import trials

DATA = trials.dataset()
IMAGES = trials.dataset(inputs=(1, 8, 8))
SMALL: dict[str, Any] = {"depth": 2, "width": 8, "batch_size": 16, "epochs": 20}


def signals(program: Program, states: list[TrialState], epochs: int) -> dict[int, list[Signals]]:
    """What each trial's state held after every epoch, by trial number."""
    stack = Stack(program, states)
    told: dict[int, list[Signals]] = {state.number: [] for state in states}
    for _ in range(epochs):
        train_epoch(stack)
        for state in stack.states:
            told[state.number].append(state.signals)
    return told


def test_epochs_are_measured_ever_more_rarely_and_the_last_one_always() -> None:
    assert [epoch for epoch in range(1, 41) if probe.due(epoch, 40)] == [1, 2, 5, 17, 40]
    assert [epoch for epoch in range(1, 2) if probe.due(epoch, 1)] == [1]


@pytest.mark.parametrize("activation", ["relu", "sigmoid"])
def test_a_measured_epoch_has_one_value_a_layer_and_the_others_have_none(activation: str) -> None:
    values = SMALL | {"epochs": 6, "activation": activation}
    program = trials.program(values, DATA)
    told = signals(program, [trials.start(program, 1, values)], 6)[0]
    assert [epoch for epoch, found in enumerate(told, 1) if found] == [1, 2, 5, 6]
    lengths = {name: len(values) for name, values in told[5].items()}
    inside = {"gradient_norm": 3, "weight_norm": 3, "dead": 2, "train_part_loss": 1, "train_part_accuracy": 1}
    assert lengths == inside | ({"saturated": 2} if activation == "sigmoid" else {})
    assert set(told[0]) - set(told[5]) == {"trivial_loss", "trivial_accuracy", "dev_samples"}


@pytest.mark.parametrize("model", ["mlp", "lenet", "resnet", "dbn"])
def test_measuring_changes_no_number_of_the_training(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    values = SMALL | {"depth": 8 if model == "resnet" else 2, "batch_norm": True, "dropout": 0.3, "channels": 2}
    results = []
    for measuring in (True, False):
        if not measuring:
            monkeypatch.setattr(probe, "due", lambda epoch, epochs: False)
        program = Program(model, configure(values), IMAGES)
        state = trials.start(program, 3, values)
        told = trials.train(program, [state], epochs=2)
        results.append((told, state))
    (told, state), (told_without, state_without) = results
    assert state.signals
    assert not state_without.signals
    assert told == told_without
    for name in ("parameters", "buffers", "moments"):
        assert torch.equal(getattr(state, name), getattr(state_without, name))


def comparable(told: list[Signals]) -> str:
    return repr(told)  # as text, NaN equals itself


@settings(max_examples=25)
@given(
    shared=trials.structure,
    members=st.lists(st.tuples(trials.fusible, st.integers(0, 2**53 - 1)), min_size=2, max_size=6),
)
def test_signals_are_the_same_alone_and_in_a_stack(
    shared: dict[str, Any], members: list[tuple[dict[str, Any], int]]
) -> None:
    program = trials.program(shared, DATA)
    told = signals(program, [trials.start(program, seed, shared | own, n) for n, (own, seed) in enumerate(members)], 3)
    for number, (own, seed) in enumerate(members):
        alone = signals(program, [trials.start(program, seed, shared | own, number)], 3)
        assert comparable(alone[number]) == comparable(told[number])


@pytest.mark.parametrize("model", ["lenet", "vgg", "resnet"])
def test_signals_of_convolutions_are_the_same_alone_and_in_a_stack(model: str) -> None:
    values = SMALL | {"depth": {"vgg": 2, "resnet": 8}.get(model, 2), "channels": 3, "batch_norm": True}
    program = Program(model, configure(values), IMAGES)
    told = signals(program, [trials.start(program, n, values, n) for n in range(3)], 2)
    for number in range(3):
        alone = signals(program, [trials.start(program, number, values, number)], 2)
        assert comparable(alone[number]) == comparable(told[number])


def test_trials_of_a_refilled_stack_are_measured_in_their_own_epochs() -> None:
    program = trials.program(SMALL, DATA)
    old, new = (trials.start(program, seed, SMALL, seed) for seed in (0, 1))
    trials.train(program, [old], epochs=3)
    told = signals(program, [old, new], 2)
    assert [bool(found) for found in told[0]] == [False, True]  # epochs 4 and 5
    assert [bool(found) for found in told[1]] == [True, True]  # epochs 1 and 2
    assert ["trivial_loss" in found for found in (*told[0], *told[1])] == [False, False, True, False]


def test_norms_are_root_mean_squares_of_the_first_step() -> None:
    values = SMALL | {"l2": 0.5, "gradient_clip": 1e-6}  # neither is part of the loss gradient
    program = trials.program(values, DATA)
    state = trials.start(program, 7, values)
    weights = {name: tensor.clone() for name, tensor in program.named_weights(state.parameters, state.buffers).items()}
    batch = order(7, 1, len(DATA.train_y))[:16]
    leaves = {name: tensor.requires_grad_() for name, tensor in weights.items()}
    outputs = functional_call(program.network, leaves, (DATA.train_x[batch],))
    loss = cross_entropy(outputs, DATA.train_y[batch]).mean()
    matrices = [tensor for tensor in leaves.values() if tensor.dim() == 2]
    gradients = torch.autograd.grad(loss, matrices)
    found = signals(program, [state], 1)[0][0]
    assert found["gradient_norm"] == pytest.approx([float(g.square().mean().sqrt()) for g in gradients], rel=1e-4)
    assert found["weight_norm"] == pytest.approx([float(m.detach().square().mean().sqrt()) for m in matrices], rel=1e-4)


def rigged(activation: str, bias: float) -> tuple[Program, TrialState]:
    """A network of one hidden layer of 8, with the same large bias in half of its units and small weights."""
    values = SMALL | {"depth": 1, "activation": activation, "initialization": "normal", "init_std": 1e-3}
    program = trials.program(values, DATA)
    state = trials.start(program, 1, values)
    views = dict(zip(program.parameters.names, program.parameters.views(state.parameters[None]), strict=True))
    views["1.bias"][0, :4] = bias
    return program, state


@pytest.mark.parametrize(
    ("activation", "bias", "dead", "saturated"),
    [
        ("relu", -9.0, 0.5, None),
        ("relu", 9.0, 0.0, None),
        ("leaky_relu", -9.0, 0.0, None),
        ("sigmoid", 9.0, 0.5, 0.5),
        ("tanh", -9.0, 0.5, 0.5),
    ],
)
def test_dead_and_saturated_units_are_counted(
    activation: str, bias: float, dead: float, saturated: float | None
) -> None:
    program, state = rigged(activation, bias)
    found = signals(program, [state], 1)[0][0]
    assert found["dead"][0] == pytest.approx(dead, abs=0.13 if activation == "relu" else 0)
    assert found.get("saturated") == (None if saturated is None else [saturated])


def test_a_feature_map_is_dead_where_it_is_off_everywhere() -> None:
    values = SMALL | {"channels": 4}
    program = Program("lenet", configure(values), IMAGES)
    state = trials.start(program, 1, values)
    bias = next(name for name in program.parameters.names if name.endswith("bias"))
    views = dict(zip(program.parameters.names, program.parameters.views(state.parameters[None]), strict=True))
    views[bias][0, 0] = -1e3
    dead = signals(program, [state], 1)[0][0]["dead"][0]
    assert dead == 1 / views[bias].shape[1]


def test_the_training_part_is_scored_as_the_dev_part_is() -> None:
    values = SMALL | {"dropout": 0.5, "input_noise": 1.0, "batch_norm": True}
    same = replace(DATA, dev_x=DATA.train_x, dev_y=DATA.train_y)
    program = trials.program(values, same)
    stack = Stack(program, [trials.start(program, 1, values)])
    metrics = train_epoch(stack)[0]
    found = stack.states[0].signals
    assert found["train_part_loss"] == pytest.approx([metrics["dev_loss"]], rel=1e-4)
    assert found["train_part_accuracy"] == pytest.approx([metrics["dev_accuracy"]], rel=1e-4)
    assert abs(metrics["train_loss"] - metrics["dev_loss"]) > 0.01


def test_of_a_large_sorted_training_part_samples_from_all_over_are_scored() -> None:
    big = trials.dataset(samples=6000)
    rows = big.train_y.argsort(stable=True)
    data = replace(big, train_x=big.train_x[rows], train_y=big.train_y[rows])
    values = SMALL | {"initialization": "normal", "init_std": 1e-9, "optimizer": "sgd", "learning_rate": 1e-9}
    program = trials.program(values, data)
    found = signals(program, [trials.start(program, 1, values)], 1)[0][0]
    assert found["train_part_accuracy"][0] == pytest.approx(1 / 3, abs=0.05)  # one class of three, whichever it is


def test_the_trivial_answer_of_classes_is_their_shares_in_training() -> None:
    y, dev = torch.tensor([0, 0, 0, 1]), torch.tensor([0, 1])
    found = probe.trivial(parts(y, dev, classes=2, task="binary"))
    assert found["trivial_loss"] == pytest.approx([-(math.log(0.75) + math.log(0.25)) / 2], rel=1e-4)
    assert found["trivial_accuracy"] == [0.5]
    assert found["dev_samples"] == [2.0]


def test_the_trivial_answer_of_numbers_is_their_mean_in_training() -> None:
    found = probe.trivial(parts(torch.tensor([1.0, 3.0]), torch.tensor([2.0, 4.0]), classes=0, task="regression"))
    assert found == {"trivial_loss": [1.0], "dev_samples": [2.0]}  # ½ (0² + 2²) / 2


def parts(train: torch.Tensor, dev: torch.Tensor, classes: int, task: str) -> Dataset:
    empty = torch.zeros(0)
    return Dataset(classes, empty, train, empty, dev, empty, empty, task=task)


def test_numbers_to_predict_have_a_loss_and_no_accuracy() -> None:
    program = trials.program(SMALL, trials.dataset(task="regression"))
    found = signals(program, [trials.start(program, 1, SMALL)], 1)[0][0]
    assert len(found["train_part_loss"]) == 1
    assert not {"train_part_accuracy", "trivial_accuracy"} & set(found)


def test_what_pretraining_measured_is_kept_in_the_first_epoch_alone() -> None:
    program = trials.program(SMALL, DATA)
    state = trials.start(program, 1, SMALL)
    state.signals = {"reconstruction": [0.5, 0.25]}
    told = signals(program, [state], 2)[0]
    assert told[0]["reconstruction"] == [0.5, 0.25]
    assert "gradient_norm" in told[0]
    assert "reconstruction" not in told[1]
