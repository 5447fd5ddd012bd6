"""Every metric against scikit-learn's, or its formula, for several trials at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn import metrics as sklearn_metrics

from hpsearch import registry
from tests.training import trials

Numbers = NDArray[Any]


def _likely(outputs: Numbers) -> Numbers:
    share = np.exp(outputs - outputs.max(1, keepdims=True))
    likely: Numbers = share / share.sum(1, keepdims=True)
    return likely


CLASSES: dict[str, Callable[[Numbers, Numbers], float]] = {
    "dev_accuracy": lambda y, z: sklearn_metrics.accuracy_score(y, z.argmax(1)),
    "dev_balanced_accuracy": lambda y, z: sklearn_metrics.balanced_accuracy_score(y, z.argmax(1)),
    "dev_macro_f1": lambda y, z: sklearn_metrics.f1_score(y, z.argmax(1), average="macro"),
    "dev_auroc": lambda y, z: sklearn_metrics.roc_auc_score(y, _likely(z), multi_class="ovr"),
}
TWO: dict[str, Callable[[Numbers, Numbers], float]] = {
    "dev_accuracy": lambda y, z: sklearn_metrics.accuracy_score(y, z[:, 0] > 0),
    "dev_balanced_accuracy": lambda y, z: sklearn_metrics.balanced_accuracy_score(y, z[:, 0] > 0),
    "dev_macro_f1": lambda y, z: sklearn_metrics.f1_score(y, z[:, 0] > 0, average="macro"),
    "dev_auroc": lambda y, z: sklearn_metrics.roc_auc_score(y, z[:, 0]),
}
NUMBERS: dict[str, Callable[[Numbers, Numbers], float]] = {
    "dev_rmse": lambda y, z: sklearn_metrics.root_mean_squared_error(y, z[:, 0]),
    "dev_mae": lambda y, z: sklearn_metrics.mean_absolute_error(y, z[:, 0]),
    "dev_r2": lambda y, z: sklearn_metrics.r2_score(y, z[:, 0]),
}
EXPECTED = {"multiclass": CLASSES, "binary": TWO, "regression": NUMBERS}


@pytest.mark.parametrize(("task", "name"), [(task, name) for task, table in EXPECTED.items() for name in table])
def test_a_metric_equals_scikit_learns(task: str, name: str) -> None:
    data = replace(trials.dataset(task=task, classes=4), target_mean=7.0, target_scale=3.0)
    rng = np.random.default_rng(1)
    outputs = rng.normal(size=(3, 200, data.outputs))
    if task != "multiclass":  # a softmax would round the ties apart
        outputs = outputs.round(1)
    targets: Numbers = rng.normal(size=200) if task == "regression" else rng.integers(data.classes, size=200)
    found = registry.load("metric", name).score(torch.from_numpy(outputs), torch.from_numpy(targets), data)
    shown = [z * 3 + 7 for z in outputs] if task == "regression" else outputs
    true = targets * 3 + 7 if task == "regression" else targets
    np.testing.assert_allclose(found, np.array([EXPECTED[task][name](true, z) for z in shown]), rtol=1e-12)


def test_every_metric_with_a_score_was_compared() -> None:
    scored = {
        (task, name)
        for name in registry.names("metric")
        for task in registry.load("metric", name).tasks
        if registry.load("metric", name).score is not None
    }
    assert scored == {(task, name) for task, table in EXPECTED.items() for name in table}


def test_a_class_that_the_dev_part_lacks_counts_in_no_mean() -> None:
    data = trials.dataset(classes=4)
    outputs = torch.randn(2, 50, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    targets = torch.arange(50) % 2
    for name in ("dev_balanced_accuracy", "dev_auroc"):
        values = registry.load("metric", name).score(outputs, targets, data)
        assert ((values > 0.2) & (values < 0.8)).all()
