from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from hpsearch import registry
from hpsearch.errors import InputError
from hpsearch.training.data.arrays import Arrays, Source
from hpsearch.training.data.prepare import prepare
from tests.training import trials
from tests.training.data.examples import write_npz

SPLIT = {"train": 0.7, "dev": 0.15, "test": 0.15}


def use(monkeypatch: pytest.MonkeyPatch, arrays: Arrays) -> Source:
    """A source that is a plain function, as a user may write one."""
    real = registry.load
    monkeypatch.setattr(
        registry, "load", lambda table, name: (lambda source: arrays) if table == "data" else real(table, name)
    )
    return Source("mine")


def test_the_last_dataset_is_kept_and_read_again_when_its_file_changes(tmp_path: Path) -> None:
    path = write_npz(tmp_path / "a.npz")
    source = Source("npz", path=path)
    first = prepare(source)
    assert prepare(Source("npz", path=path)) is first
    write_npz(tmp_path / "a.npz", x=np.random.default_rng(1).normal(size=(60, 2, 3)))
    os.utime(path, ns=(1, 1))
    assert not torch.equal(prepare(source).train_x, first.train_x)
    assert prepare(Source("npz", path=path, seed=1)) is not prepare(source)


def test_digits_are_normalised_in_float64_over_the_whole_training_part() -> None:
    data = prepare(Source("digits", SPLIT))
    arrays = registry.load("data", "digits")(Source("digits"))
    from hpsearch.training.data.splits import divide

    train = arrays.features[divide(arrays, SPLIT, 0)["train"]]
    deviation = train.std(axis=0)
    expected = (train - train.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)
    assert np.array_equal(data.train_x.numpy(), expected)


def test_features_in_pieces_are_the_same_to_rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = prepare(Source("digits"))
    monkeypatch.setattr("hpsearch.training.data.prepare.CHUNK", 64 * 100)
    prepare(Source("wine"))
    torch.testing.assert_close(prepare(Source("digits")).dev_x, whole.dev_x, rtol=1e-12, atol=1e-12)


def test_a_plain_function_is_a_source(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.random.default_rng(0).normal(size=(50, 3))
    assert prepare(use(monkeypatch, Arrays(x, np.arange(50) % 2, 2))).inputs == (3,)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"targets": np.arange(49) % 2}, "50 samples, but 49 targets"),
        ({"features": np.zeros((0, 3)), "targets": np.arange(0)}, "there are no samples"),
        ({"features": np.full((50, 3), np.nan)}, "the features of sample 1 hold NaN, or a number beyond"),
        ({"targets": np.arange(50) % 3}, "label 2 of sample 3 is outside the classes 0 to 1"),
        ({"targets": np.arange(50) % 2 - 1}, "label -1 of sample 1 is outside"),
        ({"targets": np.zeros(50, int), "classes": 1}, "there is one class only"),
        ({"targets": np.zeros(50, int)}, "the train part holds one class only"),
        ({"targets": np.arange(50) / 2}, "classes must be whole numbers, not float64"),
        ({"targets": np.full(50, np.nan), "task": "regression"}, "NaN or an infinite number among the targets"),
    ],
)
def test_arrays_that_are_not_what_they_say_are_bad_input(
    changes: dict[str, Any], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {"features": np.zeros((50, 3)), "targets": np.arange(50) % 2, "classes": 2} | changes
    with pytest.raises(InputError, match=f"data.*{said}"):
        prepare(use(monkeypatch, Arrays(**given)))


@pytest.mark.parametrize(
    ("changes", "normalize", "said"),
    [
        ({"features": np.full((50, 3), 1e308)}, "standard", "features of sample 1 hold NaN, or a number beyond"),
        ({"features": np.full((50, 3), 1e39)}, "none", "a feature is too large"),
        ({"targets": np.linspace(0, 1e300, 50), "task": "regression", "classes": 0}, "none", "targets are too large"),
        ({"targets": np.linspace(0, 1e-200, 50), "task": "regression", "classes": 0}, "none", "targets are too small"),
    ],
)
def test_numbers_beyond_single_precision_are_bad_input(
    changes: dict[str, Any], normalize: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {"features": np.zeros((50, 3)), "targets": np.arange(50) % 2, "classes": 2} | changes
    with pytest.raises(InputError, match=f"data.*{said}"):
        prepare(replace(use(monkeypatch, Arrays(**given)), normalize=normalize))


def test_a_fingerprint_tells_other_data_apart_and_forgives_rounding() -> None:
    data = trials.dataset(dtype=torch.float64)
    told = data.fingerprint
    assert replace(data, train_x=data.train_x * (1 + 1e-13)).fingerprint == told
    swapped = torch.cat([data.train_y[1:2], data.train_y[:1], data.train_y[2:]])
    nudged = data.dev_x + torch.eye(*data.dev_x.shape, dtype=torch.float64)
    for other in (replace(data, train_y=swapped), replace(data, dev_x=nudged), replace(data, task="binary")):
        assert other.fingerprint != told
    assert replace(data, test_x=data.test_x + 1).fingerprint == told  # no study reads the test part


def test_a_key_that_the_source_does_not_take_is_bad_input() -> None:
    with pytest.raises(InputError, match=r"data\.target: data digits takes none"):
        prepare(Source("digits", target="y"))
    with pytest.raises(InputError, match=r"data\.split\.test: cannot be given: data digits has no test part"):
        prepare(Source("digits", {"train": 0.9, "dev": 0.1, "test": "given"}))
