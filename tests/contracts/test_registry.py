"""Contracts over the registry: a new entry is tested the moment it has its line."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from hpsearch import registry
from hpsearch.declarations import Hyperparameter
from hpsearch.training.config import configure
from hpsearch.training.program import Program
from hpsearch.training.stack import Stack
from hpsearch.training.state import begin
from tests.training import trials

ENTRIES = [(table, name) for table, entries in registry.TABLES.items() for name in entries]
DATA = trials.dataset(dtype=torch.float32)
SMALL = {"depth": 2, "width": 9, "batch_size": 13, "epochs": 3, "batch_norm": True}


@pytest.mark.parametrize(("table", "name"), ENTRIES)
def test_every_line_of_the_registry_leads_somewhere(table: str, name: str) -> None:
    piece = registry.load(table, name)
    assert callable(piece) or getattr(piece, "__doc__", None)


@pytest.mark.parametrize("name", registry.names("hyperparameters"))
def test_a_hyperparameter_says_what_it_is(name: str) -> None:
    declaration: Hyperparameter = registry.load("hyperparameters", name)
    assert declaration.doc
    if declaration.choices:
        assert declaration.default in registry.names(declaration.choices)
    for parent, values in declaration.needs:
        wanted: Hyperparameter = registry.load("hyperparameters", parent)
        assert wanted.choices is None or set(values) <= set(registry.names(wanted.choices))


def stacked_equals_alone(model: str, shared: dict[str, Any], own: list[dict[str, Any]]) -> None:
    program = Program(model, configure(shared), DATA)
    states = [begin(program, n, 100 + n, configure(shared | values)) for n, values in enumerate(own)]
    told = trials.train(program, states, epochs=3)
    for n, values in enumerate(own):
        lone = begin(program, n, 100 + n, configure(shared | values))
        assert trials.train(program, [lone], epochs=3)[n] == told[n]
        assert torch.equal(lone.parameters, states[n].parameters)
        assert torch.equal(lone.buffers, states[n].buffers)


@pytest.mark.parametrize("name", registry.names("model"))
def test_a_model_trains_in_a_stack_as_alone(name: str) -> None:
    own = [{"learning_rate": 0.01 * (n + 1), "dropout": 0.2 * n, "input_noise": 0.1 * n} for n in range(4)]
    stacked_equals_alone(name, SMALL, own)


@pytest.mark.parametrize("name", registry.names("activation"))
def test_an_activation_trains_in_a_stack_as_alone(name: str) -> None:
    stacked_equals_alone("mlp", SMALL | {"activation": name}, [{"learning_rate": 0.01 * (n + 1)} for n in range(3)])


@pytest.mark.parametrize("table", ["optimizer", "initialization", "lr_decay"])
def test_all_of_a_fusible_table_train_in_one_stack_as_alone(table: str) -> None:
    stacked_equals_alone("mlp", SMALL, [{table: name, "learning_rate": 0.02} for name in registry.names(table)])


@pytest.mark.parametrize("name", registry.names("model"))
def test_a_model_gives_logits_for_every_class_and_takes_its_own_weights(name: str) -> None:
    program = Program(name, configure(SMALL), DATA)
    stack = Stack(program, [begin(program, 0, 1, configure(SMALL))])
    state = program.named_weights(stack.states[0].parameters, stack.states[0].buffers)
    network = registry.load("model", name)(configure(SMALL), DATA.inputs, DATA.classes)
    network.load_state_dict(state)
    assert network.eval()(DATA.dev_x).shape == (len(DATA.dev_y), DATA.classes)


@pytest.mark.parametrize("name", registry.names("metric"))
def test_a_metric_has_a_direction_and_a_worst_value_on_the_wrong_end(name: str) -> None:
    metric = registry.load("metric", name)
    assert metric.direction in ("maximize", "minimize")
    assert metric.worst <= 0 if metric.direction == "maximize" else metric.worst > 1e9
    program = Program("mlp", configure(SMALL), DATA)
    assert name in trials.train(program, [begin(program, 0, 1, configure(SMALL))], epochs=1)[0][0]
