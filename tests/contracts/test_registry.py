"""Contracts over the registry: a new entry is tested the moment it has its line."""

from __future__ import annotations

import pytest

from hpsearch import registry
from hpsearch.declarations import Hyperparameter
from hpsearch.training.config import configure
from hpsearch.training.program import Program
from hpsearch.training.state import begin
from tests.contracts.stacks import SMALL, stacked_equals_alone
from tests.training import trials

ENTRIES = [(table, name) for table, entries in registry.TABLES.items() for name in entries]


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


@pytest.mark.parametrize("name", registry.names("activation"))
def test_an_activation_trains_in_a_stack_as_alone(name: str) -> None:
    stacked_equals_alone("mlp", SMALL | {"activation": name}, [{"learning_rate": 0.01 * (n + 1)} for n in range(3)])


@pytest.mark.parametrize("table", ["optimizer", "initialization", "lr_decay"])
def test_all_of_a_fusible_table_train_in_one_stack_as_alone(table: str) -> None:
    stacked_equals_alone("mlp", SMALL, [{table: name, "learning_rate": 0.02} for name in registry.names(table)])


@pytest.mark.parametrize("name", registry.names("metric"))
def test_a_metric_has_a_direction_and_a_worst_value_on_the_wrong_end(name: str) -> None:
    metric = registry.load("metric", name)
    assert metric.direction in ("maximize", "minimize")
    assert metric.worst <= 0 if metric.direction == "maximize" else metric.worst > 1e9
    for task in metric.tasks:
        program = Program("mlp", configure(SMALL), trials.dataset(task=task))
        assert name in trials.train(program, [begin(program, 0, 1, configure(SMALL))], epochs=1)[0][0]
