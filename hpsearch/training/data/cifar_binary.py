"""CIFAR-10's binary files: records of one label byte and 3,072 bytes of one image, channel by channel.

The version for Python is pickled, and opening a pickle runs what is in it: it is never read.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hpsearch.errors import InputError
from hpsearch.training.data.arrays import Arrays, Source
from hpsearch.training.data.image_sets import Bytes, ImageSet, fetch, find_folder, pooled

SHAPE = (3, 32, 32)
RECORD = 1 + 3 * 32 * 32
TRAIN = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
TEST = "test_batch.bin"
PICKLED = "data_batch_1"
CIFAR = ImageSet(
    "cifar10",
    ("cifar10", "cifar-10-batches-bin", "cifar-10-batches-py"),
    "CIFAR_10",
    SHAPE,
    ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
    "data_batch_1.bin to data_batch_5.bin and test_batch.bin",
)


def load(source: Source) -> Arrays:
    """The set from its binary files where there are any, else from OpenML. Raises InputError."""
    folder = find_folder(source, CIFAR, lambda folder: _binary(folder) or (folder / PICKLED).is_file())
    if folder is None:
        return fetch(CIFAR)
    if not _binary(folder):
        what = "this is the pickled version of CIFAR-10, which is never opened"
        raise InputError(f"{folder}: {what}", hint=f"get the binary version: {CIFAR.files}")
    parts = [_records(folder / name) for name in (*TRAIN, TEST)]
    records = np.concatenate(parts)
    labels = records[:, 0].astype(np.int64)
    return pooled(CIFAR, records[:, 1:].reshape(-1, *SHAPE), labels, str(folder), test=len(parts[-1]))


def _binary(folder: Path) -> bool:
    return (folder / TRAIN[0]).is_file()


def _records(path: Path) -> Bytes:
    """[sample, byte], the label first."""
    try:
        values = np.fromfile(path, dtype=np.uint8)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    if not values.size or values.size % RECORD:
        raise InputError(f"{path}: {values.size} bytes are no whole number of records of {RECORD} bytes")
    return values.reshape(-1, RECORD)
