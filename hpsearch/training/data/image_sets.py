"""Where the files of an image set are looked for: a folder, or else OpenML."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hpsearch.errors import InputError
from hpsearch.training.data.arrays import Arrays, Source
from hpsearch.training.data.targets import check_labels

VARIABLE = "HPSEARCH_DATA"
TEST_SAMPLES = 10_000  # the last ones, in all of these sets

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class ImageSet:
    """What an image set is called where, what is in it, and how its files are known.

    `folders` are its names within the data folder, `packaged` where a system's package puts it.
    """

    name: str
    folders: tuple[str, ...]
    openml: str
    shape: tuple[int, int, int]
    labels: tuple[str, ...]
    files: str
    packaged: Path | None = None


def find_folder(source: Source, images: ImageSet, is_there: Callable[[Path], bool]) -> Path | None:
    """The folder with the files: `data.path`, then the environment's, then the package's; None for none of them.

    Raises InputError where `data.path` has none.
    """
    if source.path is not None:
        path = Path(source.path)
        if not path.is_dir():
            raise InputError(f"data.path: there is no folder {path}", hint=f"it should hold {images.files}")
        if (found := _within(path, images, is_there)) is None:
            raise InputError(f"data.path: {path} does not hold {images.files}")
        return found
    said = os.environ.get(VARIABLE)
    candidates = ([Path(said)] if said else []) + ([images.packaged] if images.packaged else [])
    return next((found for path in candidates if (found := _within(path, images, is_there))), None)


def _within(path: Path, images: ImageSet, is_there: Callable[[Path], bool]) -> Path | None:
    folders = [path, *(path / folder for folder in images.folders)]
    return next((folder for folder in folders if is_there(folder)), None)


def fetch(images: ImageSet) -> Arrays:
    """The set from OpenML, by scikit-learn's client, which checks it and keeps a copy.

    Raises InputError, naming all places that were tried, where it cannot be had.
    """
    from sklearn.datasets import fetch_openml

    try:
        found = fetch_openml(images.openml, version=1, as_frame=False, parser="auto")
    except (OSError, ValueError) as error:
        tried = ["data.path (not set)", f"{VARIABLE} ({os.environ.get(VARIABLE) or 'not set'})"]
        tried += [str(images.packaged)] if images.packaged else []
        raise InputError(
            f"data {images.name}: not in {', '.join(tried)}, and OpenML did not give it: {error}",
            hint=f"set data.path to a folder with {images.files}",
        ) from error
    pixels = np.asarray(found.data).astype(np.uint8).reshape(-1, *images.shape)
    return pooled(images, pixels, np.asarray(found.target).astype(np.int64), f"OpenML's {images.openml}")


def pooled(images: ImageSet, pixels: Bytes, labels: NDArray[np.int64], place: str, test: int = TEST_SAMPLES) -> Arrays:
    """Training samples followed by `test` test samples. Raises InputError for a label outside the classes."""
    if test >= len(labels) or not test:
        raise InputError(f"{place}: {len(labels)} samples, {test} of them for testing: there must be some of both")
    check_labels(labels, len(images.labels), place)
    given = {"test": np.arange(len(labels) - test, len(labels))}
    return Arrays(pixels, labels, len(images.labels), given=given, labels=images.labels)
