"""Reading `.npz` files without ever opening a pickle."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpsearch.errors import InputError, did_you_mean
from hpsearch.training.data.arrays import Arrays, Source
from hpsearch.training.data.files import given_rows, part_files
from hpsearch.training.data.targets import meant


def load(source: Source) -> Arrays:
    """The files' arrays, one after another. Raises InputError."""
    names = ("x", "y", *([source.group] if source.group else []))
    files = part_files(source)
    parts = {part: _arrays(path, names) for part, path in files.items()}
    first = parts["train"]
    for part, arrays in parts.items():
        if arrays["x"].shape[1:] != first["x"].shape[1:]:
            shapes = f"{list(arrays['x'].shape[1:])}, those of {files['train'].name} {list(first['x'].shape[1:])}"
            raise InputError(f"{files[part]}: samples of x have the shape {shapes}")
    given = given_rows({part: len(arrays["y"]) for part, arrays in parts.items()})
    x, y, *groups = (np.concatenate([arrays[name] for arrays in parts.values()]) for name in names)
    targets, classes, task, labels = meant(y, source.task, f"{files['train'].name}, y", given)
    codes = np.unique(groups[0], return_inverse=True)[1].astype(np.int64) if groups else None
    return Arrays(x, targets, classes, task, given, codes, labels=labels)


def _arrays(path: Path, names: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    try:
        with path.open("rb") as stream:
            file = np.load(stream, allow_pickle=False)
            if not isinstance(file, np.lib.npyio.NpzFile):
                raise InputError(f"{path}: is no .npz file")
            for name in names:
                if name not in file:
                    raise InputError(f"{path}: there is no array {name!r}", hint=did_you_mean(name, file))
            found = {name: file[name] for name in names}
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        pickled = "pickle" in str(error)
        why = "it holds pickled objects, which are never opened" if pickled else f"it cannot be read: {error}"
        raise InputError(f"{path}: {why}", hint="save plain arrays of numbers" if pickled else None) from error
    _check(path, found)
    return found


def _check(path: Path, found: dict[str, NDArray[Any]]) -> None:
    x = found["x"]
    if x.ndim < 2 or 0 in x.shape or x.dtype.kind not in "iufb":
        raise InputError(f"{path}: x must be numbers [sample, feature, …], not {x.dtype} of the shape {list(x.shape)}")
    for name in [name for name in found if name != "x"]:
        array = found[name]
        if array.ndim != 1 or array.dtype.kind not in "iufbU":
            raise InputError(f"{path}: {name} must be one value a sample, not {array.dtype} {list(array.shape)}")
        if len(array) != len(x):
            raise InputError(f"{path}: x has {len(x)} samples, but {name} has {len(array)}")
