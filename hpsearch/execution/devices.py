"""Which devices there are, and which of them each worker gets. PyTorch is imported only where there may be a GPU."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from hpsearch.errors import InputError


def resolve(devices: str) -> list[str]:
    """PyTorch's names of the devices that are meant, each once. Raises InputError for one that is not there."""
    if devices == "auto":
        return [f"cuda:{index}" for index in range(gpus())] or ["cpu"]
    found: list[str] = []
    for name in (part.strip() for part in devices.split(",")):
        kind, _, index = name.partition(":")
        if kind == "cuda" and int(index or 0) >= gpus():
            there = f"execution.devices: there is no {name}; PyTorch sees {gpus()} GPUs"
            raise InputError(there, hint="cpu or auto")
        if kind == "mps" and not _mps():
            raise InputError("execution.devices: there is no mps; PyTorch sees no Apple GPU", hint="cpu or auto")
        found.append(f"cuda:{int(index or 0)}" if kind == "cuda" else kind)
    return list(dict.fromkeys(found))


def places(devices: str, workers: int | str, slots: int) -> list[str]:
    """The device of each worker.

    `workers` "auto" means one for each GPU, or for each core, but no more than half of the search's slots: with fewer
    slots for each, workers wait for one another.
    """
    named = resolve(devices)
    if isinstance(workers, int):
        count = workers
    elif named == ["cpu"]:
        count = max(1, min(cores(), slots // 2))
    else:
        count = len(named)
    return [named[index % len(named)] for index in range(count)]


def check_precision(precision: str, devices: Sequence[str]) -> None:
    """Raises InputError for a type that these devices cannot train in as law 2 wants it.

    On a CPU, PyTorch's products of bfloat16 may round by how many trials stand side by side.
    """
    if precision == "bfloat16" and "cpu" in devices:
        what = "training.precision: bfloat16 is for GPUs; on a CPU a trial's bits would depend on its neighbours"
        raise InputError(what, hint="float32")


def only(device: str) -> tuple[str, str]:
    """How a process is to see this device alone: CUDA_VISIBLE_DEVICES, and then PyTorch's name of it.

    Of GPUs, what this process itself may see decides which one is meant by a number.
    """
    kind, _, index = device.partition(":")
    if kind != "cuda":
        return "", device
    visible = [name for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name]
    return (visible[int(index)] if int(index) < len(visible) else index), "cuda:0"


def cores() -> int:
    """The processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def gpus() -> int:
    """How many GPUs PyTorch sees. No context is made on them."""
    if not shutil.which("nvidia-smi") and not Path("/proc/driver/nvidia").exists() and not Path("/dev/kfd").exists():
        return 0
    os.environ.setdefault("PYTORCH_NVML_BASED_CUDA_CHECK", "1")
    import torch

    return torch.cuda.device_count()


def _mps() -> bool:
    import torch

    return torch.backends.mps.is_available()
