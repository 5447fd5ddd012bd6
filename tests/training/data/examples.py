"""A tiny example of every registered source, written to a folder; the sources that need no file are as they are."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from hpsearch.training.data.arrays import Source

REAL = Path(__file__).parents[4] / "shared" / "data"  # beside the checkout


def write_idx(path: Path, values: NDArray[np.uint8]) -> None:
    content = bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape) + values.tobytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


def write_mnist(folder: Path, train: int = 100, test: int = 30, ending: str = ".gz") -> Path:
    """Labels in turn; pixels by chance, brighter for a higher label; the first pixel is always 7."""
    rng = np.random.default_rng(0)
    for name, samples in (("train", train), ("t10k", test)):
        labels = (np.arange(samples) % 10).astype(np.uint8)
        pixels = (rng.integers(0, 150, (samples, 28, 28)) + 10 * labels[:, None, None]).astype(np.uint8)
        pixels[:, 0, 0] = 7
        write_idx(folder / f"{name}-images-idx3-ubyte{ending}", pixels)
        write_idx(folder / f"{name}-labels-idx1-ubyte{ending}", labels)
    return folder


def write_cifar(folder: Path, samples: int = 20) -> Path:
    """Six batches of as many samples each."""
    rng = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    for name in (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"):
        records = rng.integers(0, 256, (samples, 3073)).astype(np.uint8)
        records[:, 0] = np.arange(samples) % 10
        (folder / f"{name}.bin").write_bytes(records.tobytes())
    return folder


def table(rows: int = 120, seed: int = 0) -> pd.DataFrame:
    """Numbers with gaps, text with gaps, a group, a class and a number to predict."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"size": rng.normal(50, 10, rows), "rooms": rng.gamma(3, 1, rows)})
    frame["city"] = rng.choice(["Oslo", "Bergen", "Lom"], rows)
    frame["owner"] = [f"owner {number}" for number in rng.integers(0, 12, rows)]
    frame["price"] = 3 * frame["size"] + rng.normal(0, 5, rows)
    frame["dear"] = np.where(frame["price"] > 150, "yes", "no")
    frame.loc[frame.index[::9], "rooms"] = np.nan
    frame.loc[frame.index[::10], "city"] = None
    return frame


ROLES: dict[str, Any] = {"target": "dear", "numeric": ("size", "rooms"), "categorical": ("city",)}


def write_table(path: Path, frame: pd.DataFrame | None = None) -> str:
    frame = table() if frame is None else frame
    frame.to_csv(path, index=False) if path.suffix == ".csv" else frame.to_parquet(path)
    return str(path)


def write_npz(path: Path, **changes: Any) -> str:
    """60 samples of 2 × 3, classes 0 to 2, twelve groups."""
    rng = np.random.default_rng(0)
    arrays = {"x": rng.normal(size=(60, 2, 3)), "y": np.arange(60) % 3, "group": np.arange(60) // 5}
    np.savez(path, **(arrays | changes))
    return str(path)


def example(name: str, folder: Path) -> Source:
    """A source of that name that reads no file outside the folder."""
    match name:
        case "mnist" | "fashion_mnist":
            return Source(name, path=str(write_mnist(folder / name)))
        case "cifar10":
            return Source(name, path=str(write_cifar(folder / name)))
        case "csv" | "parquet":
            return Source(name, path=write_table(folder / f"table.{name}"), **ROLES)
        case "npz":
            return Source(name, path=write_npz(folder / "arrays.npz"))
    return Source(name)


def real(name: str) -> Source:
    """The whole set, where it lies beside the checkout."""
    folder = REAL / name.replace("_", "-")
    if not folder.is_dir():
        pytest.skip(f"the files of {name} are not beside this checkout")
    return Source(name, path=str(folder))
