"""The IDX files of MNIST and its kin: a header of big-endian numbers, then one byte for each value."""

from __future__ import annotations

import gzip
import struct
import zlib
from pathlib import Path

import numpy as np

from hpsearch.errors import InputError
from hpsearch.training.data.arrays import Arrays, Source
from hpsearch.training.data.image_sets import Bytes, ImageSet, fetch, find_folder, pooled

FILES = "train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte (or .gz)"
SHAPE = (1, 28, 28)
DIGITS = ImageSet("mnist", ("mnist",), "mnist_784", SHAPE, tuple("0123456789"), FILES)
FASHION = ImageSet(
    "fashion_mnist",
    ("fashion-mnist", "fashion_mnist"),
    "Fashion-MNIST",
    SHAPE,
    ("T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"),
    FILES,
    packaged=Path("/usr/share/datasets/fashion-mnist"),
)
UNSIGNED_BYTE = 8


def load(source: Source, images: ImageSet) -> Arrays:
    """The set from its four files where there are any, else from OpenML. Raises InputError."""
    folder = find_folder(source, images, lambda folder: _file(folder, "train-images-idx3-ubyte") is not None)
    if folder is None:
        return fetch(images)
    pixels, labels = zip(*(_part(folder, name) for name in ("train", "t10k")), strict=True)
    together = np.concatenate(labels).astype(np.int64)
    return pooled(images, np.concatenate(pixels), together, str(folder), test=len(labels[1]))


def _part(folder: Path, name: str) -> tuple[Bytes, Bytes]:
    """Images [sample, 1, 28, 28] and labels [sample]."""
    pixels = read_idx(_there(folder, f"{name}-images-idx3-ubyte"), (None, *SHAPE[1:]))
    labels = read_idx(_there(folder, f"{name}-labels-idx1-ubyte"), (None,))
    if len(pixels) != len(labels):
        raise InputError(f"{folder}: {len(pixels)} images in {name}-images, but {len(labels)} labels in {name}-labels")
    return pixels.reshape(-1, *SHAPE), labels


def _file(folder: Path, name: str) -> Path | None:
    return next((path for path in (folder / name, folder / f"{name}.gz") if path.is_file()), None)


def _there(folder: Path, name: str) -> Path:
    if (found := _file(folder, name)) is None:
        raise InputError(f"{folder}: there is no {name}, nor {name}.gz")
    return found


def read_idx(path: Path, shape: tuple[int | None, ...]) -> Bytes:
    """The values of an IDX file, gzipped or not, of the wanted shape (None: any length). Raises InputError."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            head = file.read(4 + 4 * len(shape))
            if len(head) < 4 + 4 * len(shape) or head[:4] != bytes([0, 0, UNSIGNED_BYTE, len(shape)]):
                raise InputError(f"{path}: is no IDX file of bytes with {len(shape)} axes")
            found: tuple[int, ...] = struct.unpack(f">{len(shape)}I", head[4:])
            if any(want not in (None, have) for want, have in zip(shape, found, strict=True)):
                said = " × ".join(map(str, found[1:]))
                raise InputError(f"{path}: images of {said}, not of {' × '.join(map(str, shape[1:]))}")
            size = int(np.prod(found, dtype=np.int64))
            body = file.read(size + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path}: cannot be read: {error}") from error
    except (MemoryError, OverflowError):
        raise InputError(f"{path}: its head says {found}, more than this machine can hold") from None
    if len(body) != size:
        more = "more" if len(body) > size else f"{len(body)}"
        raise InputError(f"{path}: its head says {size} bytes, but there are {more}")
    return np.frombuffer(body, dtype=np.uint8).reshape(found)
