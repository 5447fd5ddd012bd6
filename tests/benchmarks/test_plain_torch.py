"""The common loop that hpsearch is measured against is an honest one: same space, same arithmetic, real tracking."""

from __future__ import annotations

from typing import Any

import optuna
import pytest
import torch
from torch import nn

from benchmarks import plain_torch
from benchmarks.plain_trial import study_file, suggest
from hpsearch.space.load import load_study
from hpsearch.training.config import configure
from hpsearch.training.fit import train_epoch
from hpsearch.training.noise import order
from hpsearch.training.program import Program
from hpsearch.training.stack import Stack
from hpsearch.training.state import begin
from tests.training.trials import dataset

SEED = 7


def _network_of(program: Program, values: dict[str, Any], model: str = "mlp") -> nn.Sequential:
    """The plain network with the weights that a stacked trial of SEED begins with."""
    config = configure(values)
    network = plain_torch.NETWORKS[model](config, program.data.inputs, program.data.classes).double()
    parameters, buffers, _ = program.initial(SEED, config)
    # Modules without weights stand at other places in the two networks, so go by order, not by name.
    given = program.named_weights(parameters, buffers)
    own = dict(network.named_parameters()) | dict(network.named_buffers())
    names = [name for name in own if not name.endswith("num_batches_tracked")]
    network.load_state_dict(
        dict(zip(_in_order(names), [given[n] for n in _in_order(list(given))], strict=True)), strict=False
    )
    return network


def _in_order(names: list[str]) -> list[str]:
    return sorted(names, key=lambda name: (int(name.split(".")[0]), name))


# Before batch norm a bias has no gradient but rounding errors, and RMSProp and Adam would make steps of them.
@pytest.mark.parametrize(
    ("optimizer", "batch_norm"),
    [("sgd", False), ("sgd", True), ("momentum", False), ("momentum", True), ("rmsprop", False), ("adam", False)],
)
@pytest.mark.parametrize("lr_decay", ["none", "step", "exponential"])
def test_the_plain_loop_does_the_same_work_as_ours(optimizer: str, lr_decay: str, batch_norm: bool) -> None:
    values: dict[str, Any] = {
        "optimizer": optimizer,
        "learning_rate": 0.01,
        "lr_decay": lr_decay,
        "decay_epochs": 2,
        "l1": 1e-3,
        "l2": 1e-2,
        "depth": 2,
        "width": 9,
        "batch_size": 8,
        "activation": "tanh",
        "batch_norm": batch_norm,
    }
    config, data = configure(values), dataset(dtype=torch.float64)
    program = Program("mlp", config, data)
    network = _network_of(program, values)
    optimizing = plain_torch.build_optimizer(config, network)
    scheduler = plain_torch.build_scheduler(config, optimizing)
    stack = Stack(program, [begin(program, 0, SEED, config)])
    for epoch in (1, 2, 3):
        rate = optimizing.param_groups[0]["lr"]
        batches = [
            (data.train_x[chosen], data.train_y[chosen])
            for chosen in torch.split(order(SEED, epoch, len(data.train_y)), program.batch)
            if len(chosen) == program.batch
        ]
        trained = plain_torch.train_epoch(network, batches, optimizing, config)
        scored = plain_torch.evaluate(network, [(data.dev_x, data.dev_y)])
        (ours,) = train_epoch(stack)
        names = ("train_loss", "train_accuracy", "dev_loss", "dev_accuracy", "learning_rate")
        same = pytest.approx([ours[name] for name in names], rel=1e-10, abs=1e-10)
        assert [*trained, *scored, rate] == same
        if scheduler is not None:
            scheduler.step()
    state = stack.states[0]
    weights = program.named_weights(state.parameters, state.buffers)
    plain = {n: t for n, t in network.state_dict().items() if not n.endswith("num_batches_tracked")}
    for name, own in zip(_in_order(list(plain)), _in_order(list(weights)), strict=True):
        torch.testing.assert_close(plain[name], weights[own], rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("batch_norm", [False, True])
def test_the_plain_lenet_does_the_same_work_as_ours(batch_norm: bool) -> None:
    values: dict[str, Any] = {
        "optimizer": "momentum", "learning_rate": 0.01, "channels": 3, "width": 7, "batch_size": 8,
        "activation": "tanh", "batch_norm": batch_norm, "initialization": "xavier_normal",
    }  # fmt: skip
    config, data = configure(values), dataset(dtype=torch.float64, inputs=(1, 8, 8))
    program = Program("lenet", config, data)
    network = _network_of(program, values, "lenet")
    optimizing = plain_torch.build_optimizer(config, network)
    stack = Stack(program, [begin(program, 0, SEED, config)])
    for epoch in (1, 2):
        batches = [
            (data.train_x[chosen], data.train_y[chosen])
            for chosen in torch.split(order(SEED, epoch, len(data.train_y)), program.batch)
            if len(chosen) == program.batch
        ]
        trained = plain_torch.train_epoch(network, batches, optimizing, config)
        scored = plain_torch.evaluate(network, [(data.dev_x, data.dev_y)])
        (ours,) = train_epoch(stack)
        same = [ours[name] for name in ("train_loss", "train_accuracy", "dev_loss", "dev_accuracy")]
        assert [*trained, *scored] == pytest.approx(same, rel=1e-10, abs=1e-10)


def test_a_study_that_the_plain_loop_would_not_follow_is_refused() -> None:
    for file, what in (("fashion_mlp", "shift"), ("cifar_vgg", "vgg"), ("digits_grid", "grid")):
        with pytest.raises(ValueError, match=what):
            study_file(file, [])


def test_penalties_change_the_plain_loop_and_spare_biases() -> None:
    values: dict[str, Any] = {"optimizer": "sgd", "width": 4, "batch_size": 16, "learning_rate": 0.1}
    data = dataset(dtype=torch.float64)
    steps = {}
    for name, extra in (("none", {}), ("l1", {"l1": 0.1}), ("l2", {"l2": 0.1})):
        config = configure(values | extra)
        network = _network_of(Program("mlp", config, data), values | extra)
        optimizer = plain_torch.build_optimizer(config, network)
        plain_torch.train_epoch(network, [(data.train_x[:16], data.train_y[:16])], optimizer, config)
        steps[name] = [p.detach().clone() for p in network.parameters()]
    for penalty in ("l1", "l2"):
        for free, held in zip(steps["none"], steps[penalty], strict=True):
            assert torch.equal(free, held) == (free.dim() < 2)


@pytest.mark.parametrize("file", ["digits_mlp", "digits_random"])
def test_the_common_loop_suggests_what_the_space_allows(file: str) -> None:
    space = load_study(file).space
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    for _ in range(50):
        trial = study.ask()
        values = suggest(trial, space)
        assert values == space.complete(trial.params)
        assert all(space.active(name, values) for name in values)
        assert set(trial.params) == {name for name in space.searched if space.active(name, values)}
        configure(values)
        for name, value in trial.params.items():
            form = space.hyperparameters[name].to_json()
            options = form if isinstance(form, list) else form.get("options")
            assert value in options if options else form["low"] <= value <= form["high"]
