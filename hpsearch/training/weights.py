"""A trained network's weights on disk: written whole or not at all, read without executing anything."""

from __future__ import annotations

import os
from pathlib import Path

import torch
from torch import Tensor


def save(path: Path, state: dict[str, Tensor]) -> None:
    """Write a state dict; a reader never sees half of it, and a power cut takes none of it away."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def load(path: Path) -> dict[str, Tensor]:
    """Read a state dict. Refuses anything but tensors."""
    state: dict[str, Tensor] = torch.load(path, weights_only=True)
    return state


def path(folder: Path, number: int) -> Path:
    """Where the weights of a trial lie."""
    return folder / f"trial-{number:05d}.pt"


def keep_only(folder: Path, number: int | None) -> None:
    """Remove the weights of all trials but one."""
    for file in folder.glob("trial-*"):
        if number is None or file != path(folder, number):
            file.unlink()
