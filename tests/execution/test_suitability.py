"""What only shows once the data are there is said before anything is written."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from hpsearch import registry
from hpsearch.errors import InputError
from hpsearch.execution.suitability import check
from hpsearch.space.load import load_study, parse_study
from hpsearch.space.study_file import StudyFile
from hpsearch.training.data.arrays import Dataset, Source
from hpsearch.training.data.prepare import prepare
from tests.training import trials

HEAD = "name: s\ndata: digits\nhyperparameters:\n"
IMAGES = trials.dataset(inputs=(1, 8, 8))
FLAT = trials.dataset()


def study(hyperparameters: str = "epochs: 1", **sections: str) -> StudyFile:
    indented = "".join(f"  {line}\n" for line in hyperparameters.splitlines())
    return parse_study(HEAD + indented + "".join(f"{k}: {v}\n" for k, v in sections.items()), file="s.yaml")


@pytest.mark.parametrize("metric", registry.names("metric"))
@pytest.mark.parametrize("task", registry.names("task"))
def test_the_metric_must_be_for_the_task(metric: str, task: str) -> None:
    file, data = study(objective=f"{{metric: {metric}}}"), trials.dataset(task=task)
    fitting = [name for name in registry.names("metric") if task in registry.load("metric", name).tasks]
    if metric in fitting:
        check(file, data)
        return
    with pytest.raises(InputError) as raised:
        check(file, data)
    what = f"objective.metric: {metric} is not for {task}, which is the task of data digits"
    assert str(raised.value) == f"{what}; these are: {', '.join(fitting)}"


def test_of_several_objectives_each_must_be_for_the_task_and_a_cost_is_for_all() -> None:
    for task, wrong in (("regression", "dev_accuracy"), ("multiclass", "dev_rmse")):
        data = trials.dataset(task=task)
        check(study(objective="[{metric: parameters}, {metric: dev_loss}]"), data)
        with pytest.raises(InputError, match=rf"^objective\[1\]\.metric: {wrong} is not for {task}"):
            check(study(objective=f"[{{metric: dev_loss}}, {{metric: {wrong}}}]"), data)


@pytest.mark.parametrize(
    ("written", "data", "said"),
    [
        ("flip: 0.5", FLAT, "hyperparameters.flip: it changes images, and data digits has none"),
        ("shift: {low: 0, high: 2}", FLAT, "hyperparameters.shift: it changes images"),
        ("erase: [0.0, 0.2]", FLAT, "its samples are [11], not [channel, row, column]"),
        ("block: basic", IMAGES, "hyperparameters.block: model mlp does not read it; these do: resnet"),
        ("cd_steps: [1, 2]", IMAGES, "hyperparameters.cd_steps: model mlp does not read it; these do: dbn"),
    ],
)
def test_a_hyperparameter_that_would_do_nothing_is_bad_input(written: str, data: Dataset, said: str) -> None:
    with pytest.raises(InputError) as raised:
        check(study(written), data)
    assert said in str(raised.value)


@pytest.mark.parametrize("written", ["flip: 0.0", "flip: 0.5\nshift: {low: 0, high: 2}", "depth: 3\nwidth: [4, 8]"])
def test_one_that_does_something_is_not(written: str) -> None:
    assert check(study(written), IMAGES) == []


def test_augmentation_that_is_switched_off_needs_no_images() -> None:
    assert check(study("flip: 0.0\nshift: [0]"), FLAT) == []


def build_for_even_depths(config: Any, inputs: tuple[int, ...], outputs: int) -> torch.nn.Module:
    if config.depth % 2:
        raise InputError(f"hyperparameters.depth: odd: {config.depth}")
    if config.width > 1_000:
        raise RuntimeError("a mistake in a user's network is told with its trial")
    network = torch.nn.Linear(inputs[0], outputs)
    if network.weight.device.type != "meta":
        raise InputError("the network was really made")
    return network


@pytest.fixture
def own_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.TABLES["model"], "even", f"{__name__}:build_for_even_depths")


@pytest.mark.usefixtures("own_model")
@pytest.mark.parametrize(
    "written",
    ["depth: 1", "depth: [1, 2]", "depth: [2, 4, 3]", "depth: {low: 2, high: 4}", "depth: {low: 2, high: 101}",
     "activation: [relu, tanh]\ndepth: {options: [2, 3], when: {activation: relu}}"],
)  # fmt: skip
def test_a_network_that_cannot_be_built_for_some_value_is_bad_input(written: str) -> None:
    with pytest.raises(InputError, match=r"hyperparameters\.depth: odd"):
        check(study(written, model="even"), FLAT)


@pytest.mark.usefixtures("own_model")
@pytest.mark.parametrize("written", ["depth: 2", "depth: {low: 2, high: 8, step: 2}", "depth: 4\nwidth: [8, 2000]"])
def test_a_network_is_tried_without_being_made(written: str) -> None:
    assert check(study(written, model="even"), FLAT) == []


@pytest.mark.usefixtures("own_model")
def test_a_model_that_no_declaration_names_may_read_anything() -> None:
    assert check(study("depth: 2\nblock: basic", model="even"), FLAT) == []


def test_warnings_are_about_drift_and_about_the_split() -> None:
    data = trials.dataset(samples=900)
    moved = replace(data, dev_x=data.dev_x + 2)
    assert [line.partition(":")[0] for line in check(study(), moved)] == ["train and dev are not alike"]
    small = replace(data, dev_x=data.dev_x[:9], dev_y=data.dev_y[:9])
    assert [line.partition(":")[0] for line in check(study(), small)] == ["data.split"]


@pytest.mark.parametrize("name", ["digits_mlp", "digits_grid", "digits_random"])
def test_the_shipped_studies_of_the_digits_go_with_their_data(name: str) -> None:
    file = load_study(name)
    assert check(file, prepare(Source(**file.data.model_dump()))) == []


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("momentum: [0.5, 0.9]", "hyperparameters.momentum: searched in vain"),
        ("optimizer: [sgd, adam]\nrmsprop_beta: [0.5, 0.9]", "optimizer rmsprop, and here it is adam or sgd"),
        ("activation: tanh\nleaky_slope: {low: 0.1, high: 0.2}", "activation leaky_relu, and here it is tanh"),
        ("batch_size: [1, 8]\nbatch_norm: true", "hyperparameters.batch_size: batch norm has no variance"),
    ],
)
def test_what_is_searched_in_vain_is_told(written: str, said: str) -> None:
    assert any(said in warning for warning in check(study(written), FLAT))


@pytest.mark.parametrize(
    "written",
    [
        "momentum: 0.5",
        "optimizer: [momentum, adam]\nmomentum: [0.5, 0.9]",
        "optimizer: adam\nmomentum: {options: [0.5, 0.9], when: {optimizer: momentum}}",
        "batch_size: [1, 8]",
    ],
)
def test_what_is_read_or_fixed_or_conditional_is_not_told(written: str) -> None:
    assert check(study(written), FLAT) == check(study(), FLAT)


def test_a_default_that_does_not_fit_is_called_one() -> None:
    with pytest.raises(InputError, match=r"objective\.metric: dev_accuracy, the default, is not for regression"):
        check(study(), trials.dataset(task="regression"))
