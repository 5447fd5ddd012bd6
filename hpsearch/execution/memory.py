"""How much memory one worker's stack may take."""

from __future__ import annotations

import resource
from contextlib import suppress
from pathlib import Path

import psutil
import torch

SHARE = 0.6  # of what is available; the rest is for what comes beside a stack, and for everybody else

# (limit, in use) of the container or service that this process may run in: cgroups of version 2 and 1
_GROUPS = (
    (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")),
    (Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"), Path("/sys/fs/cgroup/memory/memory.usage_in_bytes")),
)


def available_bytes(device: str, workers: int = 1, share: float = SHARE) -> int:
    """Bytes that a stack on a device may take when `workers` share it; at least 0.

    On the CPU the least of what the machine has available and what the limits of the process (RLIMIT_AS) and of its
    control group leave; on a GPU what is free, or cached by this process.
    """
    free: float
    if device.startswith("cuda"):
        free = torch.cuda.mem_get_info(device)[0]
        free += torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    else:
        free = min(psutil.virtual_memory().available, _address_space(), _control_group())
    return max(0, int(free * share / workers))


def _address_space() -> float:
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return float("inf") if limit == resource.RLIM_INFINITY else limit - psutil.Process().memory_info().vms


def _control_group() -> float:
    for limit, used in _GROUPS:
        with suppress(OSError, ValueError):  # there is none, or it says "max"
            return int(limit.read_text()) - int(used.read_text())
    return float("inf")
