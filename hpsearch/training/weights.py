"""A trained network's weights on disk: written whole or not at all, read without executing anything."""

from __future__ import annotations

import io
from pathlib import Path

import torch
from torch import Tensor

from hpsearch.files import write_whole


def save(path: Path, state: dict[str, Tensor]) -> None:
    """Write a state dict. Raises OSError."""
    content = io.BytesIO()
    torch.save(state, content)
    write_whole(path, content.getbuffer())


def load(path: Path) -> dict[str, Tensor]:
    """Read a state dict. Refuses anything but tensors."""
    state: dict[str, Tensor] = torch.load(path, weights_only=True)
    return state
