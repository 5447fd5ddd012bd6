"""Counts multiplications with an addition while a network runs."""

from __future__ import annotations

from typing import Any

from torch.utils.flop_counter import flop_registry

from hpsearch.training.dispatch import DispatchMode


class MultiplyAdds(DispatchMode):
    """Within it, `number` grows by half of what PyTorch's table says of each operation.

    As `torch.utils.flop_counter.FlopCounterMode`, without its import of PyTorch's compiler.
    """

    def __init__(self) -> None:
        super().__init__()
        self.number: int = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **kwargs or {})
        if (operations := flop_registry.get(func._overloadpacket)) is not None:
            self.number += int(operations(*args, **kwargs or {}, out_val=result)) // 2
        return result
