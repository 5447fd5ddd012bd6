"""Data parts, and what an epoch reports."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hpsearch import registry
from hpsearch.errors import InputError
from hpsearch.events import Scalar
from hpsearch.training import weights
from hpsearch.training.config import configure
from hpsearch.training.data.prepare import prepare
from hpsearch.training.data.splits import stratified
from hpsearch.training.fit import finite, train_epoch
from hpsearch.training.program import Program
from hpsearch.training.stack import Stack
from hpsearch.training.state import begin
from tests.training import trials

SPLIT = {"train": 0.7, "dev": 0.15, "test": 0.15}


@pytest.mark.parametrize("name", registry.names("data"))
def test_a_dataset_has_parts_of_the_right_shape_and_normalisation(name: str) -> None:
    data = prepare(name, SPLIT, "standard", seed=0)
    total = len(data.train_y) + len(data.dev_y) + len(data.test_y)
    assert total == len(registry.load("data", name)().labels)
    moving = data.train_x.std(0) > 0
    assert float(data.train_x[:, moving].mean(0).abs().max()) < 1e-9
    torch.testing.assert_close(data.train_x[:, moving].std(0, unbiased=False), torch.ones(int(moving.sum())).double())
    for labels in (data.train_y, data.dev_y, data.test_y):
        assert set(labels.tolist()) == set(range(data.classes))


@given(
    counts=st.lists(st.integers(20, 60), min_size=2, max_size=5),
    seed=st.integers(0, 1000),
    train=st.floats(0.4, 0.7),
)
def test_a_stratified_split_is_disjoint_complete_and_balanced(counts: list[int], seed: int, train: float) -> None:
    labels = np.repeat(np.arange(len(counts)), counts)
    rest = (1 - train) / 2
    parts = stratified(labels, {"train": train, "dev": rest, "test": rest}, seed)
    together = np.concatenate(list(parts.values()))
    assert sorted(together) == list(range(len(labels)))
    for label, count in enumerate(counts):
        assert abs((labels[parts["train"]] == label).sum() - count * train) <= 2


def test_statistics_come_from_the_training_part_only() -> None:
    train = np.array([[0.0, 5.0], [2.0, 5.0]])
    transform = registry.load("normalize", "standard")(train)
    np.testing.assert_allclose(transform(np.array([[4.0, 7.0]])), [[3.0, 2.0]])


def test_a_part_that_would_get_too_little_is_bad_input() -> None:
    with pytest.raises(InputError, match=r"data\.split"):
        stratified(np.array([0, 0, 0, 1]), SPLIT, seed=0)


def test_metrics_are_what_the_network_does_on_the_parts() -> None:
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
    assert finite(trials.train(program, [trials.start(program, 1, {"batch_size": 10_000})], epochs=1)[0][0])


@pytest.mark.parametrize("bad", ["train_loss", "dev_loss"])
def test_a_loss_that_is_no_number_is_seen(bad: str) -> None:
    assert not finite({"train_loss": 1.0, "dev_loss": 1.0} | {bad: float("nan")})


def test_weights_come_back_as_they_were_saved(tmp_path: Path) -> None:
    state = {"a": torch.randn(3), "b": torch.randn(2, 2)}
    file = weights.path(tmp_path / "new", 7)
    weights.save(file, state)
    back = weights.load(file)
    assert back.keys() == state.keys()
    assert all(torch.equal(back[k], state[k]) for k in state)
    assert [f.name for f in file.parent.iterdir()] == [file.name]


def test_only_the_asked_for_weights_are_kept(tmp_path: Path) -> None:
    for number in range(3):
        weights.save(weights.path(tmp_path, number), {"a": torch.zeros(1)})
    weights.keep_only(tmp_path, 1)
    assert [f.name for f in tmp_path.iterdir()] == ["trial-00001.pt"]
