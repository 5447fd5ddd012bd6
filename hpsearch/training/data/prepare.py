"""From a study's `data:` section to normalised tensors."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hpsearch import registry
from hpsearch.errors import InputError
from hpsearch.training.data.arrays import Arrays, Dataset, Source
from hpsearch.training.data.encode import fill, one_hot
from hpsearch.training.data.image_sets import VARIABLE
from hpsearch.training.data.normalise import Transform
from hpsearch.training.data.reader import Reader
from hpsearch.training.data.ready import ready
from hpsearch.training.data.splits import divide
from hpsearch.training.data.targets import check

CHUNK = 2**22  # values that are worked on at a time: 32 MiB of float64
TINY = 1e-150  # squares of smaller numbers are 0

_last: tuple[object, Dataset] | None = None


def prepare(source: Source) -> Dataset:
    """Load, split, encode and normalise a registered source; tensors on the CPU.

    Features are float64, or float32 where the source's own numbers have no more digits. The last dataset is
    kept, so that it may be checked and then trained on. Raises InputError for what the data cannot be.
    """
    global _last
    key = (source, _stamps(source))
    if _last is None or _last[0] != key:
        _last = None  # two large datasets need not be there at once
        load = registry.load("data", source.name)
        bundled = isinstance(load, Reader) and load.bundled
        _last = (key, ready(source, _prepared) if bundled else _prepared(source))
    return _last[1]


def _stamps(source: Source) -> list[object]:
    """What changes when the files do."""
    paths = [Path(path) for path in (source.path, source.dev_path, source.test_path) if path is not None]
    found = [(file.stat().st_mtime_ns, file.stat().st_size) for file in paths if file.exists()]
    return [registry.load("data", source.name), os.environ.get(VARIABLE), *found]


@np.errstate(over="ignore", invalid="ignore")  # told in one line below
def _prepared(source: Source) -> Dataset:
    load = registry.load("data", source.name)
    reader = load if isinstance(load, Reader) else Reader(load)
    for path, what in reader.problems(asdict(source)):
        raise InputError(f"data.{'.'.join(path)}: {what}")
    arrays = reader(source)
    check(arrays, source.name)
    parts = divide(arrays, source.split, source.seed)
    train = parts["train"]
    table = arrays.categories is not None
    features = fill(arrays, train) if table else arrays.features
    categories, words = one_hot(arrays, train) if table else (None, ())
    transform = registry.load("normalize", source.normalize)(_Chunks(features, train))
    mean, scale = _scale(arrays, train)
    tensors: dict[str, Any] = {}
    for part, rows in parts.items():
        x = _transformed(_Chunks(features, rows), transform)
        if categories is not None:  # zeros and ones as they are: a rare category is no outlier
            x = np.concatenate([x, categories[rows]], axis=1)
        y = (arrays.targets[rows] - mean) / scale if arrays.task == "regression" else arrays.targets[rows]
        tensors[f"{part}_x"] = torch.from_numpy(x)
        tensors[f"{part}_y"] = torch.from_numpy(y.astype(np.float64 if arrays.task == "regression" else np.int64))
    groups = (
        {} if arrays.groups is None else {part: len(np.unique(arrays.groups[rows])) for part, rows in parts.items()}
    )
    names = (*arrays.names[: features.shape[1]], *words) if table else arrays.names
    _check_range(source, tensors, names)
    described: dict[str, Any] = {"names": names, "labels": arrays.labels, "groups": groups}
    return Dataset(arrays.classes, **tensors, task=arrays.task, target_mean=mean, target_scale=scale, **described)


def _check_range(source: Source, tensors: dict[str, Tensor], names: tuple[str, ...]) -> None:
    """Raises InputError for a number that is none in the single precision in which networks are trained."""
    for key, tensor in tensors.items():
        single = tensor.float()
        if single.numel() and not torch.stack(single.aminmax()).isfinite().all():  # a NaN is both
            wrong = ~single.isfinite()
            place = wrong.nonzero()[0].tolist()
            column = f"column {names[place[1]]!r}" if len(place) == 2 and names else "a feature"
            what = "a target" if key.endswith("_y") else column
            raise InputError(
                f"data {source.name}: {what} is too large for single precision in the {key[:-2]} part",
                hint="give it in a larger unit",
            )


class _Chunks:
    """A part's samples in float64, a few at a time; iterated as often as wanted."""

    def __init__(self, features: NDArray[Any], rows: NDArray[np.int64]) -> None:
        self.rows, self._features = rows, features
        self.shape, self.dtype = features.shape[1:], np.promote_types(features.dtype, np.float32)
        self._step = max(1, CHUNK // max(1, int(np.prod(self.shape))))

    def __iter__(self) -> Iterator[NDArray[np.float64]]:
        for start in range(0, len(self.rows), self._step):
            yield self._features[self.rows[start : start + self._step]].astype(np.float64)


def _transformed(part: _Chunks, transform: Transform) -> NDArray[Any]:
    out = np.empty((len(part.rows), *part.shape), dtype=part.dtype)
    start = 0
    for chunk in part:
        out[start : start + len(chunk)] = transform(chunk)
        start += len(chunk)
    return out


def _scale(arrays: Arrays, train: NDArray[np.int64]) -> tuple[float, float]:
    """Mean and standard deviation of the training part's targets; 0 and 1 for classes."""
    if arrays.task != "regression":
        return 0.0, 1.0
    mean, scale = float(arrays.targets[train].mean()), float(arrays.targets[train].std())
    if not (np.isfinite(mean) and TINY < scale < np.inf):
        size, unit = ("small", "smaller") if scale <= TINY else ("large", "larger")
        raise InputError(f"data: the targets are too {size} to be told apart", hint=f"give them in a {unit} unit")
    return mean, scale
