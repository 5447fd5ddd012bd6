"""The files of a source's parts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hpsearch.errors import InputError, did_you_mean
from hpsearch.training.data.arrays import Source


def part_files(source: Source) -> dict[str, Path]:
    """`path` as "train", then `dev_path` as "dev" and `test_path` as "test" where given. Raises InputError."""
    said = {"path": source.path, "dev_path": source.dev_path, "test_path": source.test_path}
    for key, path in said.items():
        if path is not None and not Path(path).is_file():
            if Path(path).is_dir():
                raise InputError(f"data.{key}: {path} is a folder, not a file")
            folder = Path(path).parent
            near = [file.name for file in folder.iterdir() if file.is_file()] if folder.is_dir() else []
            raise InputError(f"data.{key}: there is no file {path}", hint=did_you_mean(Path(path).name, near))
    parts = zip(("train", "dev", "test"), said.values(), strict=True)
    return {part: Path(path) for part, path in parts if path is not None}


def given_rows(lengths: Mapping[str, int]) -> dict[str, NDArray[np.int64]]:
    """The rows of every part but "train", where all parts stand one after another."""
    ends = np.cumsum(list(lengths.values()))
    each = zip(lengths, ends, lengths.values(), strict=True)
    return {part: np.arange(end - length, end) for part, end, length in each if part != "train"}
