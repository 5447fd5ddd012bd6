"""Contracts for every registered model: stacked as alone, overfitting, weights, outputs, declarations."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from hpsearch import registry
from hpsearch.declarations import Hyperparameter
from hpsearch.training.config import Config, configure, declared
from hpsearch.training.data.arrays import Dataset
from hpsearch.training.program import Program
from hpsearch.training.stack import Stack
from hpsearch.training.state import begin
from tests.contracts.stacks import assert_same, stacked_equals_alone
from tests.training import trials

MODELS = registry.names("model")
#: Images, because every model takes them.
INPUTS = (1, 8, 8)
#: Small values for each model; one that is not named here is tested with its defaults.
SMALL: dict[str, dict[str, Any]] = {
    "mlp": {"depth": 2},
    "lenet": {"channels": 3},
    "vgg": {"depth": 2, "channels": 3},
    "resnet": {"depth": 8, "channels": 3},
    "dbn": {"depth": 2, "pretrain_epochs": 1},
}
EVERY: dict[str, Any] = {"width": 9, "batch_size": 13, "epochs": 3}
DATA = {dtype: trials.dataset(dtype=dtype, inputs=INPUTS) for dtype in (torch.float32, torch.float64)}
DTYPES = pytest.mark.parametrize("dtype", list(DATA), ids=["float32", "float64"])


def small(model: str, **values: Any) -> dict[str, Any]:
    return EVERY | SMALL.get(model, {}) | values


def own(count: int) -> list[dict[str, Any]]:
    return [{"learning_rate": 0.005 * (n + 1), "dropout": 0.1 * n, "input_noise": 0.1 * n} for n in range(count)]


@DTYPES
@pytest.mark.parametrize("batch_norm", [False, True], ids=["plain", "batch_norm"])
@pytest.mark.parametrize("name", MODELS)
def test_a_model_trains_in_a_stack_as_alone(name: str, batch_norm: bool, dtype: torch.dtype) -> None:
    for together in (2, 5):
        stacked_equals_alone(name, small(name, batch_norm=batch_norm), own(together), DATA[dtype], epochs=1)


@DTYPES
@pytest.mark.parametrize("name", MODELS)
def test_a_slot_refilled_midway_changes_nobody(name: str, dtype: torch.dtype) -> None:
    configs = [configure(small(name, batch_norm=True) | values) for values in own(3)]
    program = Program(name, configs[0], DATA[dtype])
    leaver, stayer, newcomer = (begin(program, n, n, config) for n, config in enumerate(configs))
    trials.train(program, [leaver, stayer], epochs=1)
    trials.train(program, [stayer, newcomer], epochs=2)
    for state, epochs in ((leaver, 1), (stayer, 3), (newcomer, 2)):
        lone = begin(program, state.number, state.number, configs[state.number])
        trials.train(program, [lone], epochs)
        assert_same(lone, state)


@pytest.mark.parametrize("batch_norm", [False, True], ids=["plain", "batch_norm"])
@pytest.mark.parametrize("name", MODELS)
def test_a_model_overfits_32_samples(name: str, batch_norm: bool) -> None:
    rng = torch.Generator().manual_seed(0)
    x, y = torch.rand(32, *INPUTS, generator=rng), torch.randint(3, (32,), generator=rng)
    values = small(name, batch_norm=batch_norm, width=32, channels=8, batch_size="full", learning_rate=0.01)
    program = Program(name, configure(values), Dataset(3, x, y, x, y, x, y))
    told = trials.train(program, [begin(program, 0, 1, configure(values))], epochs=60)[0]
    assert max(epoch["train_accuracy"] for epoch in told) == 1


@pytest.mark.parametrize("task", registry.names("task"))
@pytest.mark.parametrize("name", MODELS)
def test_a_model_gives_an_output_for_every_number_that_the_task_wants(name: str, task: str) -> None:
    data, config = trials.dataset(task=task, inputs=INPUTS), configure(small(name))
    network = registry.load("model", name)(config, INPUTS, data.outputs)
    assert network(data.dev_x).shape == (len(data.dev_y), {"multiclass": 3, "binary": 1, "regression": 1}[task])
    program = Program(name, config, data)
    told = trials.train(program, [begin(program, 0, 1, config)], epochs=1)[0][0]
    assert all(math.isfinite(value) for value in told.values())


@DTYPES
@pytest.mark.parametrize("name", MODELS)
def test_a_new_network_takes_a_trials_weights_and_gives_its_outputs(name: str, dtype: torch.dtype) -> None:
    data, config = DATA[dtype], configure(small(name, batch_norm=True))
    program = Program(name, config, data)
    states = [begin(program, n, n, config) for n in range(2)]
    trials.train(program, states, epochs=2)
    stack = Stack(program, states)
    views = program.parameters.views(stack.parameters), program.buffers.views(stack.buffers)
    _, outputs = program.evaluate(*views, data.dev_x, data.dev_y)
    for state, theirs in zip(stack.states, outputs, strict=True):
        network = registry.load("model", name)(config, data.inputs, data.outputs).to(dtype)
        network.load_state_dict(program.named_weights(state.parameters, state.buffers))
        torch.testing.assert_close(network.eval()(data.dev_x), theirs)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_reads_exactly_the_hyperparameters_that_are_declared_for_it(name: str) -> None:
    read: set[str] = set()

    class Noting(Config):
        def __getattribute__(self, field: str) -> Any:
            read.add(field)
            return super().__getattribute__(field)

    values = {field: getattr(configure(small(name)), field) for field in Config.__dataclass_fields__}
    registry.load("model", name)(Noting(**values), INPUTS, 3)
    for field in values:
        declaration: Hyperparameter = declared(field)
        if declaration.models and not declaration.fusible:
            assert (field in read) == (name in declaration.models), field
    assert {"activation", "batch_norm"} <= read
