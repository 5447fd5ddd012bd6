"""How many bytes of tensors some work has alive at most, on top of those that were there before."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._pytree import tree_leaves

from hpsearch.training.dispatch import DispatchMode

#: On a CPU, for each byte of tensors that live at a time: kernels take memory of their own (most for convolutions),
#: and what is freed does not all come back. Measured as the growth of the process.
CPU_OVERHEAD = 3


def peak_bytes(work: Callable[[], object], device: torch.device, known: Iterable[Tensor]) -> int:
    """Do the work, and say how many bytes it took at most; those of `known` do not count.

    On a GPU the allocator knows. On a CPU it is the bytes of tensors, times `CPU_OVERHEAD`.
    """
    if device.type == "cuda":
        before = torch.cuda.memory_allocated(device)
        torch.cuda.reset_peak_memory_stats(device)
        work()
        torch.cuda.synchronize(device)
        return torch.cuda.max_memory_allocated(device) - before
    follower = _Follower(known)
    with follower:
        work()
    return CPU_OVERHEAD * follower.peak


class _Follower(DispatchMode):
    """Looks at every kernel's arguments and results, and at which of their storages are still alive."""

    def __init__(self, known: Iterable[Tensor]) -> None:
        super().__init__()
        self.peak = 0
        self._known = {tensor.untyped_storage()._cdata for tensor in known}
        # A storage's address is no other's for as long as there is a weak reference to it.
        self._alive: dict[int, tuple[StorageWeakRef, int]] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        grown = False
        for tensor in tree_leaves((args, kwargs, result)):
            if isinstance(tensor, Tensor):
                storage = tensor.untyped_storage()
                address = storage._cdata
                if address not in self._known and address not in self._alive:
                    self._alive[address] = StorageWeakRef(storage), storage.nbytes()  # type: ignore[no-untyped-call]
                    grown = True
        if grown:
            gone = [key for key, (storage, _) in self._alive.items() if storage.expired()]  # type: ignore[no-untyped-call]
            for key in gone:
                del self._alive[key]
            self.peak = max(self.peak, sum(size for _, size in self._alive.values()))
        return result
