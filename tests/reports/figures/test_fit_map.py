from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hpsearch.events import Failure, Signals
from hpsearch.reports.figure import Missing
from hpsearch.reports.figures.fit_map import FitMap, compute, draw, region
from hpsearch.reports.theme import LIGHT
from hpsearch.search.records import TrialRecord
from hpsearch.training.data.arrays import Dataset
from tests.reports.studies import study, trial
from tests.training import trials as training


def told(number: int, train: float, dev: float) -> TrialRecord:
    """A trial of two epochs that ends with these errors, on ten classes."""
    facts = {"trivial_accuracy": [0.1], "trivial_loss": [2.3], "dev_samples": [10_000.0]}
    signals: dict[int, Signals] = {1: facts, 2: {"train_part_accuracy": [1 - train]}}
    accuracies = {"train_accuracy": [0.1, 1 - train], "dev_accuracy": [0.1, 1 - dev]}
    losses = {"train_loss": [2.0, 1.0], "dev_loss": [2.0, 1.0]}
    return trial(number, 1 - dev, metrics={**accuracies, **losses}, signals=signals)


def mapped(*trials: TrialRecord) -> FitMap:
    record = compute(study(*trials))
    assert isinstance(record, FitMap)
    return record


def test_the_four_planted_cases_and_a_diverged_one_are_named() -> None:
    broken = trial(4, 0.0, failure=Failure.DIVERGED, metrics={"dev_loss": [2.0, math.nan]})
    record = mapped(told(0, 0.01, 0.03), told(1, 0.01, 0.4), told(2, 0.8, 0.81), told(3, 0.5, 0.9), broken)
    assert [point.region for point in record.points] == ["good", "overfitting", "underfitting", "both", "both"]
    assert (record.points[4].train, record.points[4].dev) == (None, None)
    assert dict(record.counts) == {"good": 1, "overfitting": 1, "underfitting": 1, "both": 2}
    assert (record.low, record.gap, record.trivial) == pytest.approx((0.45, 0.09, 0.9))
    assert (record.best, record.loss) == (0, False)
    assert record.points[1].train == pytest.approx(0.01)
    assert record.points[1].dev == pytest.approx(0.4)


@given(*(st.floats(0, 1) for _ in range(4)))
def test_every_place_has_one_name_by_train_error_and_gap(train: float, dev: float, low: float, gap: float) -> None:
    name = region(train, dev, low, gap)
    assert (name in ("good", "overfitting")) == (train <= low)
    assert (name in ("overfitting", "both")) == (dev - train >= gap)


def network(number: int, data: Dataset, values: dict[str, Any], epochs: int) -> TrialRecord:
    """A network really trained, recorded as the platform does without a probe."""
    program = training.program(values, data)
    epochs_told = training.train(program, [training.start(program, 3, values)], epochs)[0]
    metrics = {name: [epoch[name] for epoch in epochs_told] for name in epochs_told[0]}
    broken = any(not math.isfinite(value) for name in ("train_loss", "dev_loss") for value in metrics[name])
    failure = Failure.DIVERGED if broken else None
    return trial(number, metrics["dev_accuracy"][-1], metrics=metrics, failure=failure)


def test_networks_that_were_trained_to_go_wrong_are_named() -> None:
    good = training.dataset(samples=400, features=40)
    shuffled = torch.randperm(len(good.train_y), generator=torch.Generator().manual_seed(0))
    noise = Dataset(
        good.classes, good.train_x, good.train_y[shuffled], good.dev_x, good.dev_y, good.test_x, good.test_y
    )  # fmt: skip
    base = {"depth": 1, "width": 256, "batch_size": 16, "optimizer": "adam", "learning_rate": 0.01}
    record = mapped(
        network(0, good, base, 8),
        network(1, noise, base, 60),  # labels at random can only be learned by heart
        network(2, good, base | {"optimizer": "sgd", "learning_rate": 1e-6, "width": 4}, 3),
        network(3, good, base | {"optimizer": "sgd", "learning_rate": 1e9, "depth": 3}, 5),
    )
    assert [point.region for point in record.points] == ["good", "overfitting", "underfitting", "both"]


def test_regions_are_written_into_the_map_with_their_counts() -> None:
    texts = [one.text for one in draw(mapped(told(0, 0.01, 0.03), told(1, 0.01, 0.4)), LIGHT).layout.annotations]
    assert texts == ["good: 1", "overfitting: 1", "underfitting: 0", "both, or diverged: 0"]


def test_trials_that_told_no_errors_are_a_reason() -> None:
    reason = "No trial has ended yet whose train and dev scores were measured."
    assert compute(study(trial(0, 0.5))) == Missing(reason)
