"""What the files in a study's folder of networks are called. No PyTorch: commands that only read look here too."""

from __future__ import annotations

import re
from pathlib import Path

#: A trained network, of the last epoch or the best one; a checkpoint; what is left of a write that was cut off.
NETWORK = re.compile(r"trial-([0-9]+)(?:-best)?\.pt")
CHECKPOINT = re.compile(r"trial-([0-9]+)\.checkpoint")
PART = re.compile(r"trial-[0-9]+(?:(?:-best)?\.pt|\.checkpoint)(?:\.[0-9]+)?\.part")


def last(folder: Path, number: int) -> Path:
    """The network of a trial, as its last epoch left it: what the trial's value belongs to."""
    return folder / f"trial-{number:05d}.pt"


def best(folder: Path, number: int) -> Path:
    """The network of a trial's best epoch, if that is better than the last one."""
    return folder / f"trial-{number:05d}-best.pt"


def checkpoint(folder: Path, number: int) -> Path:
    """A trial under way."""
    return folder / f"trial-{number:05d}.checkpoint"
