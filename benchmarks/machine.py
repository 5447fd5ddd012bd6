"""What the numbers hold for."""

from __future__ import annotations

import os
import platform

import torch


def machine() -> str:
    """Cores, system, versions, and the GPU if there is one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    parts = [f"{cores} cores", f"{platform.system()} {platform.machine()}", f"Python {platform.python_version()}"]
    gpu = [torch.cuda.get_device_name()] if torch.cuda.is_available() else []
    return ", ".join([*parts, f"torch {torch.__version__}", *gpu])
