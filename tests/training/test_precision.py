"""What a study may be computed in: law 2 holds in each on the CPU, and float32 is what it was without the choice."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from hpsearch import registry
from hpsearch.training.config import configure
from hpsearch.training.precision import Precision
from hpsearch.training.program import Program
from hpsearch.training.state import TrialState, begin
from tests.contracts.stacks import assert_same
from tests.training import trials

MODELS: dict[str, dict[str, Any]] = {"mlp": {"depth": 2, "width": 9}, "lenet": {"channels": 3, "width": 9}}
#: Refused on a CPU, where PyTorch's products of bfloat16 may round by how many trials there are.
EXACT = [name for name in registry.names("precision") if name != "bfloat16"]


def trained(model: str, name: str, numbers: tuple[int, ...]) -> tuple[dict[int, list[dict[str, float]]], TrialState]:
    """The metrics of trials that train together, and the state of the last one."""
    precision: Precision = registry.load("precision", name)
    data = trials.dataset(inputs=(1, 8, 8)).to("cpu", precision.dtype)
    values = MODELS[model] | {"batch_size": 13, "batch_norm": True, "epochs": 3}
    program = Program(model, configure(values), data, precision)
    configs = [configure(values | {"dropout": 0.1 * n, "learning_rate": 0.005 * (n + 1)}) for n in numbers]
    states = [begin(program, n, n, config) for n, config in zip(numbers, configs, strict=True)]
    return trials.train(program, states, epochs=3), states[-1]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", EXACT)
def test_a_trial_in_a_stack_equals_the_trial_alone(name: str, model: str) -> None:
    told, state = trained(model, name, (0, 1, 2, 3, 4))
    alone, lone = trained(model, name, (4,))
    assert told[4] == alone[4]
    assert_same(state, lone)
    assert state.parameters.dtype == registry.load("precision", name).dtype


def test_tf32_is_float32_on_a_cpu() -> None:
    before = torch.get_float32_matmul_precision()
    registry.load("precision", "tf32").set_up("cpu")
    assert torch.get_float32_matmul_precision() == before
    assert trained("mlp", "tf32", (0, 1))[0] == trained("mlp", "float32", (0, 1))[0]


@pytest.mark.parametrize("model", MODELS)
def test_bfloat16_is_for_products_only_and_learns_alike(model: str) -> None:
    told, state = trained(model, "bfloat16", (1,))
    precise, _ = trained(model, "float32", (1,))
    assert state.parameters.dtype == state.moments.dtype == torch.float32
    assert told[1] != precise[1]
    assert told[1][0]["train_loss"] == pytest.approx(precise[1][0]["train_loss"], rel=0.05)


def test_float64_agrees_with_float32_to_its_digits() -> None:
    double, single = trained("mlp", "float64", (1,))[0][1], trained("mlp", "float32", (1,))[0][1]
    assert double != single
    assert double[0]["train_loss"] == pytest.approx(single[0]["train_loss"], rel=1e-4)
