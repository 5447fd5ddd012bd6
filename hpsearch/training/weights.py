"""A trained network's weights on disk: written whole or not at all, read without executing anything."""

from __future__ import annotations

import io
import os
from pathlib import Path

import torch
from torch import Tensor


def save(path: Path, state: dict[str, Tensor]) -> None:
    """Write a state dict; a reader never sees half of it, and a power cut takes none of it away."""
    content = io.BytesIO()
    torch.save(state, content)
    write_whole(path, content.getbuffer())


def load(path: Path) -> dict[str, Tensor]:
    """Read a state dict. Refuses anything but tensors."""
    state: dict[str, Tensor] = torch.load(path, weights_only=True)
    return state


def path(folder: Path, number: int) -> Path:
    """Where the network of a trial lies, as its last epoch left it: what the trial's value belongs to."""
    return folder / f"trial-{number:05d}.pt"


def best_path(folder: Path, number: int) -> Path:
    """Where the network of a trial's best epoch lies, if that is better than the last one."""
    return folder / f"trial-{number:05d}-best.pt"


def write_whole(path: Path, *parts: bytes | memoryview) -> None:
    """Put a file in its place once all of it is on the disk. Raises OSError, and leaves what was there before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)  # its name is safe only when the folder is
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
