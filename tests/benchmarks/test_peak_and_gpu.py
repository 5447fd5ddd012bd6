"""The counts of operations are those of the matrices; what is made for a GPU runs on a CPU too, tiny."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from benchmarks import gpu, peak
from benchmarks.gpu import COMMON, LENET, MLP, RESNET, Network, difference, first, profile, stack_table, stacked
from hpsearch.training.config import configure
from hpsearch.training.program import Program
from hpsearch.training.state import begin
from tests.training.trials import dataset

NETWORKS = [
    Network("mlp", "mlp", {**COMMON, **MLP, "width": 8, "batch_size": 16}, dataset()),
    Network("lenet", "lenet", {**COMMON, **LENET, "batch_size": 16}, dataset(inputs=(1, 8, 8))),
    Network("resnet", "resnet", {**COMMON, **RESNET, "channels": 2, "batch_size": 16}, dataset(inputs=(1, 8, 8))),
]


def test_operations_are_those_of_the_matrices() -> None:
    data = dataset(samples=100)  # 60 to train on, 20 in the dev part; 11 features, 3 classes
    program = Program("mlp", configure({"depth": 1, "width": 5, "batch_size": 25}), data)
    one, two = 11 * 5, 5 * 3
    assert peak.operations(program, data) == 50 * (4 * one + 6 * two) + 20 * 2 * (one + two)


def test_a_core_and_a_stack_reach_some_speed() -> None:
    fastest = peak.gemm_peak(sides=(64,), seconds=0.01)
    assert fastest > 1e6
    data = dataset()
    program = Program("mlp", configure({"width": 4}), data)
    assert 0 < peak.operations(program, data) / peak.epoch_seconds(program, 2, {"width": 4}, 1) < fastest


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.name)
def test_stacks_are_timed_and_compared_with_trials_alone(network: Network) -> None:
    each = stacked(network, "cpu", (1, 2), epochs=1)
    assert list(each) == [1, 2]
    assert min(each.values()) > 0
    assert difference(network, "cpu", trials=2, epochs=1) == 0.0
    assert stack_table([network], "cpu", (1, 2), 1).row_count == 1


def test_a_difference_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:

    calls: list[int] = []

    def shifted(*given: Any) -> Any:
        state = begin(*given)
        state.parameters += 0.0 if calls else 1e-6
        calls.append(1)
        return state

    monkeypatch.setattr("benchmarks.gpu.begin", shifted)
    assert difference(NETWORKS[0], "cpu", trials=2, epochs=1) > 1e-8


def test_the_profile_names_kernels() -> None:
    assert "aten::" in profile(NETWORKS[0], "cpu", trials=2)


def test_fewer_samples_are_the_first_ones() -> None:
    data = dataset(samples=100)
    small = first(data, 16)
    assert (len(small.train_y), len(small.dev_y)) == (16, 2)
    assert torch.equal(small.train_x, data.train_x[:16])
    assert replace(small, train_x=data.train_x, train_y=data.train_y, dev_x=data.dev_x, dev_y=data.dev_y) == data


def test_without_a_gpu_one_line_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert gpu.main([]) == 0
    assert capsys.readouterr().out == "no GPU here: nothing to compare on one\n"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of SQLAlchemy, for what MLflow does
def test_rates_of_searches_are_those_of_all_processes() -> None:
    small = ("search.pruner=none", "hyperparameters.epochs=1")
    assert gpu.rate_of_loops("digits_mlp", small, "cpu", processes=2, trials=1) > 0
    assert gpu.rate_of_ours("digits_mlp", small, "cpu", trials=2) > 0
