"""What a network costs: by formulas, by published numbers, and for networks that need more than shapes."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from hpsearch import registry
from hpsearch.training import costs as module
from hpsearch.training.config import Config, configure
from hpsearch.training.costs import costs
from hpsearch.training.program import Program
from tests.contracts.test_models import INPUTS, small
from tests.training import trials


@pytest.mark.parametrize("name", registry.names("cost"))
def test_a_cost_is_minimized_and_infinite_at_worst(name: str) -> None:
    cost = registry.load("cost", name)
    assert (cost.direction, cost.worst) == ("minimize", math.inf)
    assert cost.doc


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("model", registry.names("model"))
def test_every_models_parameters_are_those_that_are_trained(model: str, batch_norm: bool) -> None:
    config, data = configure(small(model, batch_norm=batch_norm)), trials.dataset(inputs=INPUTS)
    counted = costs(model, config, data.inputs, data.outputs)
    assert counted["parameters"] == Program(model, config, data).parameters.size
    assert set(counted) == set(registry.names("cost"))
    assert counted["multiply_adds"] >= Program(model, config, data).weights


@pytest.mark.parametrize(("inputs", "width", "outputs"), [(64, 32, 10), (30, 16, 1), (1, 16, 3), (1, 1, 1), (5, 1, 2)])
def test_dense_layers_multiply_each_weight_once(inputs: int, width: int, outputs: int) -> None:
    weights = inputs * width + width * width + width * outputs
    counted = costs("mlp", configure({"depth": 2, "width": width}), (inputs,), outputs)
    assert counted == {"parameters": weights + 2 * width + outputs, "multiply_adds": weights}


@pytest.mark.parametrize(
    ("depth", "block", "parameters", "billions"), [(18, "basic", 11_689_512, 1.8), (50, "bottleneck", 25_557_032, 3.8)]
)
def test_the_residual_networks_cost_what_is_published(depth: int, block: str, parameters: int, billions: float) -> None:
    values: dict[str, Any] = {"depth": depth, "block": block, "channels": 64, "batch_norm": True}
    counted = costs("resnet", configure(values), (3, 224, 224), 1000)
    assert counted["parameters"] == parameters
    # He et al. count 1.8 and 3.8 billion; the latter with the stride in another layer of a block.
    assert counted["multiply_adds"] / 1e9 == pytest.approx(billions, rel=0.08)


class Own(nn.Module):
    """A user's module of PyTorch's own layers, which looks at numbers while it is made and called."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(1, 4, 3, padding=1)
        self.out = nn.Linear(4 * inputs, outputs)
        self.register_buffer("largest", torch.tensor(float(torch.ones(3).max())))

    def forward(self, x: Tensor) -> Tensor:
        if bool((x > 1e6).any()):
            raise ValueError("too large")
        outputs: Tensor = self.out(torch.relu(self.convolution(x[:, None])).flatten(1))
        return outputs


def own(config: Config, inputs: tuple[int, ...], outputs: int) -> nn.Module:
    return Own(math.prod(inputs), outputs)


def broken(config: Config, inputs: tuple[int, ...], outputs: int) -> nn.Module:
    return nn.Sequential(nn.Linear(3, 2), nn.Linear(5, outputs))


def none(config: Config, inputs: tuple[int, ...], outputs: int) -> nn.Module:
    raise RuntimeError("no network")


def test_a_users_module_that_needs_numbers_is_counted_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.TABLES["model"], "own", f"{__name__}:own")
    convolution, dense = 4 * 3, 4 * 6 * 2
    expected = {"parameters": convolution + 4 + dense + 2, "multiply_adds": 6 * convolution + dense}
    assert costs("own", configure({}), (6,), 2) == expected


def test_what_cannot_be_counted_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("broken", "none"):
        monkeypatch.setitem(registry.TABLES["model"], name, f"{__name__}:{name}")
    assert costs("broken", configure({}), (3,), 2) == {"parameters": 8 + 12}
    assert costs("none", configure({}), (3,), 2) == {}
    assert costs("resnet", configure({"depth": 19}), (3, 8, 8), 2) == {}


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("model", registry.names("model"))
def test_shapes_alone_and_numbers_count_the_same(model: str, batch_norm: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    config, inputs = configure(small(model, batch_norm=batch_norm)), trials.dataset(inputs=INPUTS).inputs
    found = []
    for largest in (0, 10**9):
        monkeypatch.setattr(module, "SMALL", largest)
        found.append(costs(model, config, inputs, 3))
    assert found[0] == found[1]
    assert set(found[0]) == set(registry.names("cost"))


def attentive(config: Config, inputs: tuple[int, ...], outputs: int) -> nn.Module:
    class Attentive(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
            self.out = nn.Linear(8, outputs)

        def forward(self, x: Tensor) -> Tensor:
            tokens = x.view(len(x), -1, 8)
            outputs: Tensor = self.out(self.attention(tokens, tokens, tokens, need_weights=False)[0].mean(1))
            return outputs

    return Attentive()


@pytest.mark.parametrize("largest", [0, 10**9])
def test_attention_is_counted(largest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.TABLES["model"], "attentive", f"{__name__}:attentive")
    monkeypatch.setattr(module, "SMALL", largest)
    tokens, width = 5, 8
    projections, products = 4 * tokens * width * width, 2 * tokens * tokens * width
    expected = projections + products + width * 3
    assert costs("attentive", configure({}), (tokens * width,), 3)["multiply_adds"] == expected


def test_counting_a_small_network_imports_no_compiler() -> None:
    code = """
        import sys
        from hpsearch.training.config import configure
        from hpsearch.training.costs import costs
        assert costs("mlp", configure({}), (64,), 10)["parameters"]
        assert "torch._dynamo" not in sys.modules and "sympy" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", "\n".join(map(str.strip, code.splitlines()))], check=True)
