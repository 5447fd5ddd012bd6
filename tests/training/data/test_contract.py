"""Contracts over the registry: every source and every normalisation, on tiny examples."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from hpsearch import registry
from hpsearch.training.data.arrays import Arrays, Dataset, Source
from hpsearch.training.data.prepare import prepare
from hpsearch.training.data.splits import divide
from tests.training.data.examples import example, real

SOURCES = registry.names("data")


def arrays_of(source: Source) -> Arrays:
    arrays: Arrays = registry.load("data", source.name)(source)
    return arrays


def every_part(data: Dataset) -> list[tuple[Tensor, Tensor]]:
    return [(data.train_x, data.train_y), (data.dev_x, data.dev_y), (data.test_x, data.test_y)]


@pytest.mark.parametrize("name", SOURCES)
def test_the_parts_are_disjoint_and_together_everything(name: str, tmp_path: Path) -> None:
    arrays = arrays_of(example(name, tmp_path))
    parts = divide(arrays, "auto", seed=0)
    assert list(parts) == ["train", "dev", "test"]
    assert sorted(np.concatenate(list(parts.values())).tolist()) == list(range(len(arrays.targets)))
    assert all((np.diff(rows) > 0).all() for rows in parts.values())
    for part, rows in arrays.given.items():
        assert parts[part].tolist() == rows.tolist()


@pytest.mark.parametrize("name", SOURCES)
def test_a_dataset_has_the_samples_of_its_parts(name: str, tmp_path: Path) -> None:
    source = example(name, tmp_path)
    arrays, data = arrays_of(source), prepare(source)
    parts = divide(arrays, "auto", source.seed)
    for (x, y), rows in zip(every_part(data), parts.values(), strict=True):
        assert len(x) == len(y) == len(rows)
        assert x.shape[1:] == data.inputs
        assert torch.isfinite(x).all()
        if data.task != "regression":
            assert y.tolist() == arrays.targets[rows].tolist()
            assert set(y.tolist()) == set(range(data.classes))
    assert data.task == arrays.task
    assert data.outputs == (arrays.classes if arrays.task == "multiclass" else 1)


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("normalize", registry.names("normalize"))
def test_statistics_come_from_the_training_part_only(name: str, normalize: str, tmp_path: Path) -> None:
    source = replace(example(name, tmp_path), normalize=normalize)
    arrays = arrays_of(source)
    rows = divide(arrays, "auto", source.seed)
    before = prepare(source)
    others = np.concatenate([rows["dev"], rows["test"]])
    changed = arrays.features.copy()
    changed[others] = changed[others] // 2 + 3
    mutant = replace(arrays, features=changed)
    if arrays.task == "regression":
        targets = arrays.targets.copy()
        targets[others] += 100.0
        mutant = replace(mutant, targets=targets)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "load", lambda table, entry, real=registry.load: (
            (lambda source: mutant) if table == "data" else real(table, entry)))  # fmt: skip
        after = prepare(replace(source, path=None, target=None, numeric=None, categorical=None))
    assert torch.equal(before.train_x, after.train_x)
    assert torch.equal(before.train_y, after.train_y)
    assert (before.target_mean, before.target_scale) == (after.target_mean, after.target_scale)
    assert not torch.equal(before.dev_x, after.dev_x)


@pytest.mark.parametrize("name", SOURCES)
def test_the_default_normalisation_gives_mean_0_and_variance_1(name: str, tmp_path: Path) -> None:
    source = example(name, tmp_path)
    columns = arrays_of(source).features.shape[1]  # of a table, without the one-hot ones
    x = prepare(source).train_x.double()[:, :columns]
    moving = x.std(0) > 0
    torch.testing.assert_close(x.mean(0), torch.zeros(x.shape[1:]).double(), rtol=0, atol=1e-6)
    torch.testing.assert_close(
        x.std(0, unbiased=False)[moving], torch.ones(int(moving.sum())).double(), rtol=0, atol=1e-6
    )


@pytest.mark.parametrize("name", SOURCES)
def test_the_same_seed_gives_the_same_dataset_and_another_another(name: str, tmp_path: Path) -> None:
    source = example(name, tmp_path)
    one = prepare(source)
    other = prepare(replace(source, seed=1))
    again = prepare(source)
    assert again is not one
    assert all(torch.equal(a, b) for a, b in zip(sum(every_part(one), ()), sum(every_part(again), ()), strict=True))
    assert not torch.equal(one.train_x, other.train_x)


def test_numbers_to_predict_are_standardised_by_the_training_part() -> None:
    data = prepare(Source("diabetes"))
    assert float(data.train_y.mean()) == pytest.approx(0, abs=1e-12)
    assert float(data.train_y.std(unbiased=False)) == pytest.approx(1)
    targets = arrays_of(Source("diabetes")).targets
    rows = divide(arrays_of(Source("diabetes")), "auto", 0)["dev"]
    np.testing.assert_allclose(data.dev_y.numpy() * data.target_scale + data.target_mean, targets[rows])


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_the_real_image_sets_have_their_published_sizes(name: str) -> None:
    source = replace(real(name), normalize="min_max_channel")
    data = prepare(source)
    assert data.inputs == (1, 28, 28)
    assert [len(y) for _, y in every_part(data)] == [53_333, 6_667, 10_000]
    assert data.test_y.bincount(minlength=10).sum() == 10_000
    assert (float(data.train_x.min()), float(data.train_x.max())) == (0.0, 1.0)
    assert len(set(data.labels)) == 10
    if name == "mnist":  # the published counts of its test part
        assert data.test_y.bincount().tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    prepare(Source("digits"))  # lets go of it
