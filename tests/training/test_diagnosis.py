"""The diagnosis: a verdict for every history, the findings of the lecture's cases, and no false alarm."""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hpsearch import registry
from hpsearch.events import EpochEnded, History, Signals
from hpsearch.training.config import configure
from hpsearch.training.data.arrays import Source
from hpsearch.training.data.prepare import prepare
from hpsearch.training.diagnosis import diagnose
from hpsearch.training.findings import ADVICE, VERDICTS, Finding
from hpsearch.training.fit import train_epoch
from hpsearch.training.program import Program
from hpsearch.training.signs import SIGNS
from hpsearch.training.stack import Stack
from hpsearch.training.state import begin


def names(found: Sequence[Finding]) -> list[str]:
    return [finding.name for finding in found]


def history(signals: dict[int, Signals] | None = None, **metrics: list[float]) -> History:
    epochs = max(len(values) for values in metrics.values())
    return History(dict(metrics), [float(epoch) for epoch in range(epochs)], signals or {})


def classes(train: float, dev: float, *, samples: float = 1000, measured: bool = True) -> History:
    """Two epochs that end with these accuracies, on ten classes."""
    facts = {"trivial_accuracy": [0.1], "trivial_loss": [2.3], "dev_samples": [samples]}
    signals: dict[int, Signals] = {1: facts, 2: {"train_part_accuracy": [train], "train_part_loss": [0.5]}}
    return history(
        signals if measured else None,
        train_accuracy=[0.1, 0.5 if measured else train],
        dev_accuracy=[0.1, dev],
        train_loss=[2.0, 1.9],
        dev_loss=[2.0, 1.9],
    )


CASES = [
    (0.99, 0.97, "learning"), (0.99, 0.70, "overfitting"), (0.20, 0.19, "not_learning"), (0.20, 0.80, "suspicious"),
]  # fmt: skip


@pytest.mark.parametrize("measured", [True, False], ids=["measured", "from the batches"])
@pytest.mark.parametrize(("train", "dev", "verdict"), CASES, ids=[case[2] for case in CASES])
def test_the_verdict_is_that_of_the_lectures_table(train: float, dev: float, verdict: str, measured: bool) -> None:
    first, *others = diagnose(classes(train, dev, measured=measured))
    assert first.name == verdict
    assert not set(names(others)) & set(VERDICTS)
    assert f"train accuracy was {train:.3f} and dev accuracy {dev:.3f}" in first.sentence


@pytest.mark.parametrize(
    ("train", "dev", "verdict"),
    [(0.01, 0.05, "learning"), (0.01, 0.4, "overfitting"), (0.49, 0.48, "not_learning"), (0.45, 0.05, "suspicious")],
)
def test_numbers_to_predict_are_judged_by_their_loss(train: float, dev: float, verdict: str) -> None:
    signals: dict[int, Signals] = {1: {"trivial_loss": [0.5], "dev_samples": [500.0], "train_part_loss": [train]}}
    found = diagnose(history(signals, train_loss=[train], dev_loss=[dev], dev_rmse=[1.0]))
    assert found[0].name == verdict
    assert "a constant answer has 0.5" in found[0].sentence


def test_a_gap_that_a_small_dev_part_may_show_by_chance_is_no_overfitting() -> None:
    assert diagnose(classes(0.95, 0.80, samples=1000))[0].name == "overfitting"
    assert diagnose(classes(0.95, 0.80, samples=20))[0].name == "learning"


def test_train_scores_with_dropout_are_not_called_suspicious() -> None:
    assert diagnose(classes(0.70, 0.90, measured=False))[0].name == "learning"
    assert diagnose(classes(0.70, 0.90, measured=True))[0].name == "suspicious"


def test_a_dev_loss_that_rises_while_train_loss_falls_is_overfitting_with_its_figures() -> None:
    signals: dict[int, Signals] = {1: {"trivial_loss": [2.3]}, 6: {"train_part_loss": [0.01]}}
    told = history(
        signals, train_loss=[1.0, 0.5, 0.2, 0.1, 0.05, 0.02], dev_loss=[0.9, 0.5, 0.31, 0.45, 0.5, 0.52]
    )  # fmt: skip
    verdict = diagnose(told)[0]
    assert verdict == Finding(
        "overfitting",
        "Dev loss rose from 0.31 in epoch 3 to 0.52 in epoch 6, while train loss fell from 0.2 to 0.02.",
    )


def test_a_rise_that_few_dev_samples_can_make_is_no_overfitting() -> None:
    losses = {"train_loss": [1.0, 0.5, 0.2, 0.1, 0.05, 0.02], "dev_loss": [0.9, 0.5, 0.31, 0.45, 0.45, 0.45]}
    for samples, verdict in ((1000.0, "overfitting"), (30.0, "learning")):
        facts: dict[int, Signals] = {1: {"trivial_loss": [2.3], "dev_samples": [samples]}}
        assert diagnose(history(facts, **losses))[0].name == verdict


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_is_divergence(bad: float) -> None:
    told = history(train_loss=[2.0, 1.5, bad], dev_loss=[2.0, 1.6, bad], train_accuracy=[0.5] * 3)
    assert diagnose(told) == (
        Finding("diverged", "The train loss was no longer finite in epoch 3, after 1.5 in the epoch before."),
    )


def curve(values: list[float]) -> History:
    """The same train and dev loss, where 2.3 is trivial."""
    return history({1: {"trivial_loss": [2.3]}}, train_loss=values, dev_loss=values)


FALLING = [2.3 * 0.9**epoch for epoch in range(12)]
FLAT = [2.0, 1.5] + [1.2] * 10
CONVERGED = [2.0, 0.5] + [0.01] * 10
JUMPING = [2.0, 1.0, 0.6, 1.4, 0.6, 0.5, 0.5, 0.5, 0.5, 0.5]


def test_a_loss_that_still_falls_asks_for_more_epochs() -> None:
    found = diagnose(curve(FALLING))
    assert names(found) == ["learning", "still_improving"]
    assert found[1].sentence == (
        "Dev loss was still falling: 0.851 on average over the last 4 epochs, 1.3 over the 4 before."
    )


def test_a_trial_that_was_stopped_early_is_not_asked_for_its_trend() -> None:
    assert names(diagnose(curve(FALLING), epochs=30)) == ["learning"]
    assert names(diagnose(curve(FLAT), epochs=12)) == ["learning", "plateaued"]
    assert names(diagnose(curve(FLAT), epochs=30)) == ["learning"]


def test_a_standstill_is_a_plateau_unless_nothing_is_left_to_learn() -> None:
    found = diagnose(curve(FLAT))
    assert names(found) == ["learning", "plateaued"]
    assert found[1].sentence == "The losses have stood still for 8 epochs: train 1.2, dev 1.2."
    assert names(diagnose(curve(CONVERGED))) == ["learning"]


def test_jumps_of_the_train_loss_are_unstable() -> None:
    found = diagnose(curve(JUMPING))
    assert "unstable" in names(found)
    assert found[1].sentence == "Train loss jumped up once, in epoch 4 from 0.6 to 1.4."


def signed(first: Signals, last: Signals, train: float = 0.3) -> list[str]:
    """The findings about the inside of a network that ends with this train accuracy."""
    told = classes(train, train)
    told.signals = {1: {**told.signals[1], **first}, 2: {**told.signals[2], **last}}
    return [name for name in names(diagnose(told)) if name in SIGNS]


HEALTHY: Signals = {"gradient_norm": [0.01, 0.01, 0.04], "weight_norm": [0.1] * 3, "dead": [0.1] * 2}
SICK: dict[str, Signals] = {
    "vanishing_gradients": {**HEALTHY, "gradient_norm": [1e-6, 1e-3, 0.04]},
    "exploding_gradients": {**HEALTHY, "gradient_norm": [90.0, 100.0, 200.0]},
    "dead_units": {**HEALTHY, "dead": [0.1, 0.9]},
    "saturated_units": {**HEALTHY, "saturated": [0.1, 0.9]},
}


@pytest.mark.parametrize("sign", SICK)
def test_each_sign_is_named_when_it_is_there_and_not_when_a_good_network_overcame_it(sign: str) -> None:
    assert signed(HEALTHY, HEALTHY) == []
    assert signed(SICK[sign], SICK[sign], train=0.99) == [sign]
    assert signed(SICK[sign], HEALTHY) == signed(HEALTHY, SICK[sign]) == [sign]
    assert signed(SICK[sign], HEALTHY, train=0.99) == signed(HEALTHY, SICK[sign], train=0.99) == []


def test_a_sentence_names_layer_and_epoch() -> None:
    told = classes(0.3, 0.3)
    told.signals = {1: {**told.signals[1], **SICK["exploding_gradients"]}}
    assert diagnose(told)[-1].sentence == (
        "The gradient of layer 3 was 200 a weight in epoch 1; the weights were 0.1."
    )  # fmt: skip


def test_all_gradients_zero_are_no_vanishing_ones() -> None:
    assert signed({**HEALTHY, "gradient_norm": [0.0, 0.0, 0.0]}, {}) == []
    assert signed({**HEALTHY, "gradient_norm": [0.0, 0.0, 0.1]}, {}) == ["vanishing_gradients"]


anything = st.one_of(st.floats(-1e38, 1e38), st.floats(0, 1), st.just(math.nan), st.just(math.inf))
some_metrics = st.dictionaries(
    st.sampled_from(["train_loss", "dev_loss", "train_accuracy", "dev_accuracy", "dev_rmse"]),
    st.lists(anything, min_size=1, max_size=12),
)
some_signals = st.dictionaries(
    st.integers(1, 12),
    st.dictionaries(
        st.sampled_from([*(name for sick in SICK.values() for name in sick), "train_part_loss", "train_part_accuracy",
                         "trivial_loss", "trivial_accuracy", "dev_samples"]),
        st.lists(anything, max_size=4),
    ),
    max_size=4,
)  # fmt: skip


@settings(max_examples=300)
@given(metrics=some_metrics, signals=some_signals, epochs=st.none() | st.integers(1, 20))
def test_every_history_is_judged_once_or_not_at_all(
    metrics: dict[str, list[float]], signals: dict[int, Signals], epochs: int | None
) -> None:
    told = History(metrics, [0.0] * max(map(len, metrics.values()), default=0), signals)
    before = copy.deepcopy(told)
    found = diagnose(told, epochs)
    assert repr(told) == repr(before)
    assert diagnose(told, epochs) == found
    assert names(found[:1]) == [name for name in names(found) if name in VERDICTS]
    assert len(set(names(found))) == len(found)
    assert all(finding.advice and finding.sentence.endswith(".") for finding in found)


def test_advice_is_given_in_words_that_a_study_file_knows() -> None:
    known = {name for table in registry.TABLES.values() for name in table}
    written = {word for advice in ADVICE.values() for word in re.findall(r"\w+_\w+", advice)}
    assert written
    assert written <= known
    assert set(VERDICTS) | set(SIGNS) <= set(ADVICE)


def trained(**values: Any) -> History:
    """A network that was trained on real digits."""
    config = configure(values)
    data = prepare(Source("digits", {"train": 0.7, "dev": 0.15, "test": 0.15})).to("cpu", torch.float32)
    program = Program("mlp", config, data)
    stack = Stack(program, [begin(program, 0, 0, config)])
    told = History()
    for epoch in range(1, config.epochs + 1):
        metrics = train_epoch(stack)[0]
        told.add(EpochEnded(0, epoch, metrics, 0.0, 0.0, stack.states[0].signals))
    return told


@pytest.mark.parametrize("width", [64, 128])
@pytest.mark.parametrize("epochs", [1, 6])
def test_six_sigmoid_layers_with_weights_of_variance_one_are_saturated(width: int, epochs: int) -> None:
    told = trained(depth=6, width=width, activation="sigmoid", initialization="standard_normal", epochs=epochs)
    assert "saturated_units" in names(diagnose(told, epochs))


@pytest.mark.parametrize("width", [64, 128])
def test_six_sigmoid_layers_with_small_weights_have_vanishing_gradients(width: int) -> None:
    told = trained(depth=6, width=width, activation="sigmoid", initialization="xavier_normal", epochs=3)
    assert "vanishing_gradients" in names(diagnose(told, 3))


@pytest.mark.parametrize("width", [64, 128])
def test_six_relu_layers_with_weights_of_variance_one_have_exploding_gradients(width: int) -> None:
    told = trained(depth=6, width=width, activation="relu", initialization="standard_normal", epochs=1)
    assert "exploding_gradients" in names(diagnose(told, 1))


@pytest.mark.parametrize("width", [64, 128])
@pytest.mark.parametrize(("depth", "activation"), [(6, "relu"), (6, "tanh"), (3, "sigmoid"), (1, "leaky_relu")])
def test_networks_that_begin_as_they_should_raise_no_alarm(depth: int, activation: str, width: int) -> None:
    initialization = "he_normal" if "relu" in activation else "xavier_normal"
    told = trained(depth=depth, width=width, activation=activation, initialization=initialization, epochs=3)
    assert not set(names(diagnose(told, 3))) & set(SIGNS)
