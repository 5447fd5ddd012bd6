"""Counts multiplications with an addition while a network runs."""

from __future__ import annotations

from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry


class MultiplyAdds(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Within it, `number` grows by half of what PyTorch's table says of each operation.

    As `torch.utils.flop_counter.FlopCounterMode`, without its import of PyTorch's compiler.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.number: int = 0

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # it would be imported

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **kwargs or {})
        if (operations := flop_registry.get(func._overloadpacket)) is not None:
            self.number += int(operations(*args, **kwargs or {}, out_val=result)) // 2
        return result
