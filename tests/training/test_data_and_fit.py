"""What an epoch does and reports."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from hpsearch import registry
from hpsearch.events import Scalar
from hpsearch.training import network_files, weights
from hpsearch.training.config import configure
from hpsearch.training.divergence import divergence
from hpsearch.training.fit import dev_scores, train_epoch
from hpsearch.training.noise import order
from hpsearch.training.program import Program
from hpsearch.training.stack import Stack
from hpsearch.training.state import begin
from tests.training import trials


@pytest.mark.parametrize("rows", [1, 7, 100])
def test_metrics_are_what_the_network_does_on_the_parts(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hpsearch.training.program.EVALUATION_ROWS", rows)
    data = trials.dataset(dtype=torch.float64)
    values: dict[str, Scalar] = {
        "depth": 1,
        "width": 8,
        "batch_size": 18,
        "learning_rate": 0.01,
        "lr_decay": "step",
        "decay_epochs": 1,
    }
    program = Program("mlp", configure(values), data)
    stack = Stack(program, [begin(program, 0, 1, configure(values))])
    first, second = train_epoch(stack)[0], train_epoch(stack)[0]
    assert [first["learning_rate"], second["learning_rate"]] == [0.01, 0.005]
    assert second["train_loss"] < first["train_loss"]
    state = program.named_weights(stack.states[0].parameters, stack.states[0].buffers)
    program.network.load_state_dict(state)
    with torch.no_grad():
        logits = program.network.eval()(data.dev_x)
    loss = torch.nn.functional.cross_entropy(logits, data.dev_y)
    assert second["dev_loss"] == pytest.approx(float(loss), rel=1e-12)
    assert second["dev_accuracy"] == pytest.approx(float((logits.argmax(1) == data.dev_y).double().mean()))


def test_a_network_overfits_a_few_samples() -> None:
    values = {"depth": 2, "width": 32, "batch_size": 32, "learning_rate": 0.01}
    program = Program("mlp", configure(values), trials.dataset(samples=54, features=20))
    stack = Stack(program, [begin(program, 0, 1, configure(values))])
    for _ in range(200):
        metrics = train_epoch(stack)[0]
    assert metrics["train_accuracy"] == 1.0
    assert metrics["train_loss"] < 0.01


def test_a_batch_larger_than_the_data_is_the_whole_training_part() -> None:
    program = trials.program({"batch_size": 10_000, "width": 4}, trials.dataset())
    assert program.batch == 54
    told = trials.train(program, [trials.start(program, 1, {"batch_size": 10_000})], epochs=1)
    assert divergence(told[0][0]) is None


def test_a_full_batch_takes_one_step_along_the_gradient_of_the_whole_training_part() -> None:
    values: dict[str, Scalar] = {"width": 6, "batch_size": "full", "optimizer": "sgd", "learning_rate": 0.1}
    data = trials.dataset(dtype=torch.float64)
    program = trials.program(values, data)
    state = trials.start(program, 1, values)
    named = program.named_weights(state.parameters, state.buffers)
    trials.train(program, [state], epochs=1)
    program.network.load_state_dict(named)
    names, whole = zip(*program.network.named_parameters(), strict=True)
    loss = torch.nn.functional.cross_entropy(program.network.train()(data.train_x), data.train_y)
    after = program.named_weights(state.parameters, state.buffers)
    for name, gradient in zip(names, torch.autograd.grad(loss, whole), strict=True):
        torch.testing.assert_close(after[name], named[name] - 0.1 * gradient, rtol=1e-12, atol=1e-12)


def test_a_batch_of_one_takes_as_many_steps_as_there_are_samples_in_their_order() -> None:
    values: dict[str, Scalar] = {"depth": 1, "width": 3, "batch_size": 1, "optimizer": "sgd", "learning_rate": 0.05}
    data = trials.dataset(samples=15, dtype=torch.float64)
    program = trials.program(values, data)
    state = trials.start(program, 1, values)
    program.network.load_state_dict(program.named_weights(state.parameters, state.buffers))
    trials.train(program, [state], epochs=1)
    plain = list(program.network.parameters())
    for index in order(1, 1, len(data.train_y)).tolist():
        logits = program.network.train()(data.train_x[index : index + 1])
        loss = torch.nn.functional.cross_entropy(logits, data.train_y[index : index + 1])
        for weight, gradient in zip(plain, torch.autograd.grad(loss, plain), strict=True):
            weight.data -= 0.05 * gradient
    after = program.named_weights(state.parameters, state.buffers)
    for name, parameter in program.network.named_parameters():
        torch.testing.assert_close(after[name], parameter.detach(), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("task", registry.names("task"))
def test_a_network_without_numbers_has_no_scores_and_its_neighbour_has(task: str) -> None:
    data = trials.dataset(task=task)
    program = trials.program({"width": 4}, data)
    stack = Stack(program, [trials.start(program, n, {}, n) for n in range(2)])
    stack.parameters[0] = torch.nan
    parameters, buffers = program.parameters.views(stack.parameters), program.buffers.views(stack.buffers)
    scores = dev_scores(program, parameters, buffers)
    assert len(scores) >= 4
    assert all(score.isfinite().tolist() == [False, True] for score in scores.values())


def test_weights_come_back_as_they_were_saved(tmp_path: Path) -> None:
    state = {"a": torch.randn(3), "b": torch.randn(2, 2)}
    file = network_files.last(tmp_path / "new", 7)
    weights.save(file, state)
    back = weights.load(file)
    assert back.keys() == state.keys()
    assert all(torch.equal(back[k], state[k]) for k in state)
    assert [f.name for f in file.parent.iterdir()] == [file.name]
