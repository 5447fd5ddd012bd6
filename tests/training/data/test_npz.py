from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from hpsearch import registry
from hpsearch.errors import InputError
from hpsearch.training.data.arrays import Source
from hpsearch.training.data.prepare import prepare
from tests.training.data.examples import write_npz

X = np.zeros((60, 6))


def test_arrays_are_read_in_their_shape(tmp_path: Path) -> None:
    arrays = registry.load("data", "npz")(Source("npz", path=write_npz(tmp_path / "a.npz"), group="group"))
    assert arrays.features.shape == (60, 2, 3)
    assert (arrays.task, arrays.classes) == ("multiclass", 3)
    assert arrays.groups.tolist() == [n // 5 for n in range(60)]


def test_a_group_array_makes_a_grouped_split(tmp_path: Path) -> None:
    data = prepare(Source("npz", path=write_npz(tmp_path / "a.npz"), group="group"))
    assert sum(data.groups.values()) == 12
    assert all(size % 5 == 0 for size in map(len, (data.train_y, data.dev_y, data.test_y)))


@pytest.mark.parametrize(
    ("given", "kept"), [(np.uint8, "float32"), (np.float32, "float32"), (np.float64, "float64"), (np.int64, "float64")]
)
def test_features_get_as_many_digits_as_they_need(given: Any, kept: str, tmp_path: Path) -> None:
    x = np.random.default_rng(0).integers(0, 99, (60, 4)).astype(given)
    assert str(prepare(Source("npz", path=write_npz(tmp_path / "a.npz", x=x))).train_x.dtype) == f"torch.{kept}"


def test_text_makes_classes_and_numbers_are_predicted(tmp_path: Path) -> None:
    data = prepare(Source("npz", path=write_npz(tmp_path / "a.npz", y=np.array(["b", "a"] * 30))))
    assert (data.task, data.labels) == ("binary", ("a", "b"))
    data = prepare(Source("npz", path=write_npz(tmp_path / "b.npz", y=np.arange(60) / 7)))
    assert (data.task, data.classes) == ("regression", 0)


def test_files_for_the_parts_are_those_parts(tmp_path: Path) -> None:
    paths = {part: write_npz(tmp_path / f"{part}.npz") for part in ("train", "dev", "test")}
    data = prepare(Source("npz", path=paths["train"], dev_path=paths["dev"], test_path=paths["test"]))
    assert torch.equal(data.train_x, data.test_x)
    assert len(data.dev_y) == 60


def pickled() -> Any:
    objects = np.empty(60, dtype=object)
    objects[:] = [{"run": "me"}] * 60
    return objects


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"y": pickled()}, "it holds pickled objects, which are never opened; save plain arrays of numbers"),
        ({"x": pickled()}, "it holds pickled objects, which are never opened"),
        ({"y": np.arange(59)}, "x has 60 samples, but y has 59"),
        ({"group": np.arange(61)}, "x has 60 samples, but group has 61"),
        ({"x": np.zeros(60)}, "x must be numbers [sample, feature, …], not float64 of the shape [60]"),
        ({"x": np.zeros((0, 6)), "y": np.arange(0)}, "of the shape [0, 6]"),
        ({"x": np.full((60, 2), "1")}, "x must be numbers [sample, feature, …], not <U1"),
        ({"y": np.zeros((60, 2))}, "y must be one value a sample, not float64 [60, 2]"),
        ({"x": np.where(np.arange(60)[:, None] == 7, np.nan, X)}, "data npz: the features of sample 8 hold NaN"),
        (
            {"x": np.where(np.arange(60)[:, None] == 7, np.inf, X)},
            "the features of sample 8 hold NaN, or a number beyond",
        ),
        ({"y": np.where(np.arange(60) == 7, np.nan, 1.5)}, "a.npz, y: nan in sample 8 (1 in all)"),
        ({"y": np.ones(60)}, "a.npz, y: there is one class only: '1.0'"),
        ({"y": np.full(60, 1.5)}, "the train part has the same target everywhere"),
    ],
)
def test_wrong_arrays_get_one_clear_line(changes: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        prepare(Source("npz", path=write_npz(tmp_path / "a.npz", **changes), group="group"))
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_file_that_is_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    contents = {
        "pickled objects": b"\x80\x04N.",
        "it cannot be read": Path(write_npz(path)).read_bytes()[:-40],
        "it cannot be read: No data left in file": b"",
    }
    for said, content in contents.items():
        path.write_bytes(content)
        with pytest.raises(InputError, match=said):
            prepare(Source("npz", path=str(path)))
    with path.open("wb") as file:
        np.save(file, X)
    with pytest.raises(InputError, match=r"is no \.npz file"):
        prepare(Source("npz", path=str(path)))
    with pytest.raises(InputError, match="there is no array 'gruop'; did you mean 'group'"):
        prepare(Source("npz", path=write_npz(path), group="gruop"))
    with pytest.raises(InputError, match=r"samples of x have the shape \[6\], those of a\.npz \[2, 3\]"):
        prepare(Source("npz", path=str(path), dev_path=write_npz(tmp_path / "dev.npz", x=X)))
