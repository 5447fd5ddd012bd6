"""A function's kernels without the machinery that chose them: recorded as it runs once, then replayed.

Autograd, vmap and module calls cost several times what small kernels do. The replay runs the same kernels on
the same values, so its results are the same bits.
"""

from __future__ import annotations

import operator
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.fx import Graph, GraphModule, Node
from torch.fx.node import map_aggregate
from torch.utils._python_dispatch import TorchDispatchMode

Flat = Callable[..., list[Tensor]]

_ATEN = torch.ops.aten
_RESHAPES = {_ATEN.view.default, _ATEN.expand.default, _ATEN._unsafe_view.default}


def record(function: Flat, arguments: Sequence[Tensor]) -> tuple[list[Tensor], Flat]:
    """Run `function(*arguments)`; returns its result, and a replay for arguments of the same shapes and strides.

    The replay changes in place what the function does. Raises ValueError where the function uses a tensor that
    is neither an argument nor made from one: a replay could not know its new value.
    """
    recorder = _Recorder(arguments)
    with recorder:
        result = function(*arguments)
    return result, recorder.replay(result)


class _Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Writes down every kernel that runs below autograd and vmap."""

    def __init__(self, arguments: Sequence[Tensor]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._graph = Graph()
        self._nodes: dict[int, Node] = {}
        for index, argument in enumerate(arguments):
            self._bind(argument, self._graph.placeholder(f"a{index}"))

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # otherwise the first record imports PyTorch's compiler, which takes most of a second

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if _computes_nothing(func, args, result):
            self._bind(result, self._node(args[0]))
            return result
        inputs = map_aggregate(args, self._node), map_aggregate(kwargs or {}, self._node)
        node = self._graph.call_function(func, *inputs)
        if isinstance(result, Tensor):
            self._bind(result, node)
        elif isinstance(result, tuple | list):
            for index, part in enumerate(result):
                if isinstance(part, Tensor):
                    self._bind(part, self._graph.call_function(operator.getitem, (node, index)))
        return result

    def replay(self, result: Sequence[Tensor]) -> Flat:
        self._graph.output([self._node(tensor) for tensor in result])
        replay: Flat = GraphModule(torch.nn.Module(), self._graph).forward
        return replay

    def _bind(self, tensor: Tensor, node: Any) -> None:
        # An id names a tensor only as long as it lives, and none is kept alive for the sake of its name.
        self._nodes[id(tensor)] = node
        weakref.finalize(tensor, self._nodes.pop, id(tensor), None).atexit = False

    def _node(self, value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value
        if id(value) in self._nodes:
            return self._nodes[id(value)]
        raise ValueError(f"a tensor of shape {tuple(value.shape)} comes from outside the recorded function")


def _computes_nothing(func: Any, args: Any, result: Any) -> bool:
    """Whether a kernel only gives its first argument another name."""
    return func is _ATEN.detach.default or (func in _RESHAPES and result.shape == args[0].shape)
