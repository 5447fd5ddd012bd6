"""Which device `auto` means."""

from __future__ import annotations

import torch

from hpsearch.errors import InputError


def resolve(device: str) -> str:
    """A PyTorch device name. Raises InputError for a GPU that is not there."""
    available = torch.cuda.device_count()
    if device == "auto":
        return "cuda:0" if available else "cpu"
    if device.startswith("cuda"):
        index = int(device.partition(":")[2] or 0)
        if index >= available:
            raise InputError(
                f"execution.device: there is no {device}; PyTorch sees {available} GPUs", hint="cpu or auto"
            )
        return f"cuda:{index}"
    return device
