"""The check that train and dev come from the same distribution."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hpsearch.training.data.arrays import Dataset, Source
from hpsearch.training.data.drift import _chi_square_tail, kolmogorov_smirnov, warnings
from hpsearch.training.data.prepare import prepare
from tests.training import trials


def dataset(seed: int = 0, samples: int = 600, features: int = 5, **changes: Any) -> Dataset:
    """Parts that are alike, of three classes."""
    rng = np.random.default_rng(seed)
    made = {f"{part}_x": torch.from_numpy(rng.normal(size=(samples, features))) for part in ("train", "dev")}
    made |= {f"{part}_y": torch.from_numpy(rng.integers(0, 3, samples)) for part in ("train", "dev")}
    return replace(trials.dataset(), **(made | changes))


def test_parts_that_are_alike_get_no_warning() -> None:
    assert [seed for seed in range(200) if warnings(dataset(seed))] == []


@pytest.mark.parametrize("name", ["digits", "breast_cancer", "wine", "diabetes"])
def test_the_splits_of_the_ready_sources_get_no_warning(name: str) -> None:
    assert [seed for seed in range(10) if warnings(prepare(Source(name, seed=seed)))] == []


def test_a_shifted_feature_is_named_with_its_shift() -> None:
    data = dataset(names=("age", "size", "rooms", "floor", "year"))
    data.dev_x[:, 2] += 1
    (told,) = warnings(data)
    assert told.startswith("train and dev are not alike: dev is shifted in feature 'rooms' (+")
    assert float(told.rpartition("(")[2].split()[0]) == pytest.approx(1, abs=0.15)


def test_a_wider_feature_is_seen_although_its_mean_is_the_same() -> None:
    data = dataset()
    data.dev_x[:, 3] *= 3
    assert "feature 3 (" in warnings(data)[0]


def test_of_many_shifted_features_the_worst_are_named() -> None:
    data = dataset(features=300)
    data.dev_x[:] += torch.linspace(0.8, 2, 300)
    (told,) = warnings(data)
    assert told.endswith("and 297 more")


def test_a_pixel_is_named_by_its_place() -> None:
    data = dataset()
    x = torch.zeros(600, 1, 2, 3)
    moved = x.clone()
    moved[:300, 0, 1, 2] = 1
    assert "feature [0, 1, 2] (+" in warnings(replace(data, train_x=x, dev_x=moved))[0]


def test_another_class_balance_is_told_in_shares() -> None:
    data = dataset(labels=("a", "b", "c"))
    data.dev_y[:] = torch.where(torch.arange(600) < 300, 0, data.dev_y)
    (told,) = warnings(data)
    assert told.startswith("train and dev are not alike: class 'a' is 3")
    assert told.endswith("% of dev")


def test_a_class_that_training_has_not_is_told() -> None:
    data = dataset()
    data.train_y[data.train_y == 1] = 0
    assert warnings(data)[0] == "train and dev are not alike: train has no sample of class 1, which dev has"


def test_other_numbers_to_predict_are_told() -> None:
    y = torch.from_numpy(np.random.default_rng(0).normal(size=600))
    (told,) = warnings(dataset(task="regression", train_y=y, dev_y=y + 1))
    assert "dev is shifted in the target (+1.0" in told


def test_samples_of_a_few_groups_say_no_more_than_the_groups() -> None:
    data = dataset()
    data.dev_x[:, 2] += 1
    data.dev_y[:] = torch.where(torch.arange(600) < 200, 0, data.dev_y)
    assert len(warnings(data)) == 2
    assert warnings(replace(data, groups={"train": 12, "dev": 4, "test": 4})) == []


def test_large_parts_are_compared_by_some_of_their_samples() -> None:
    data = dataset(samples=30_000)
    assert warnings(data) == []
    data.dev_x[:, 0] += 0.5
    assert len(warnings(data)) == 1


@given(st.integers(2, 40), st.integers(2, 40), st.integers(1, 5), st.integers(0, 1000))
def test_the_distance_is_that_of_scipy(first: int, second: int, values: int, seed: int) -> None:
    from scipy.stats import ks_2samp

    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, values, (first, 2)).astype(float), rng.integers(0, values + 1, (second, 2)).astype(float)
    expected = [ks_2samp(a[:, column], b[:, column], method="asymp").statistic for column in range(2)]
    np.testing.assert_allclose(kolmogorov_smirnov(torch.from_numpy(a), torch.from_numpy(b)), expected, atol=1e-12)


@given(st.floats(0, 200), st.integers(1, 50))
def test_the_tail_of_chi_square_is_that_of_scipy(statistic: float, freedom: int) -> None:
    from scipy.stats import chi2

    assert _chi_square_tail(statistic, freedom) == pytest.approx(chi2.sf(statistic, freedom), rel=1e-6, abs=1e-12)
