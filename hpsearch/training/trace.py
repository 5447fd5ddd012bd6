"""A function's kernels without the machinery that chose them: recorded once for a shape, then replayed.

Autograd, vmap and module calls cost several times what small kernels do. The replay runs the same kernels on
the same values, so its results are the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.fx import Graph, Node
from torch.fx.experimental.proxy_tensor import make_fx

Flat = Callable[..., list[Tensor]]

_ATEN = torch.ops.aten
_RESHAPES = {_ATEN.view.default, _ATEN.expand.default, _ATEN._unsafe_view.default}


def trace(function: Flat, arguments: Sequence[Tensor]) -> Flat:
    """Record what `function(*arguments)` runs. The example runs on copies, so that nothing changes twice.

    The result holds for arguments of the same shapes, strides aside, and changes in place what the function does.
    """
    module = make_fx(function)(*(a.clone() for a in arguments))
    simplify(module.graph)
    module.recompile()
    replay: Flat = module.forward
    return replay


def simplify(graph: Graph) -> None:
    """Drop what computes nothing: detachments, reshapes to the same shape, products with one."""
    for node in list(graph.nodes):
        if _is_identity(node):
            node.replace_all_uses_with(node.args[0])
            graph.erase_node(node)


def _is_identity(node: Node) -> bool:
    if node.op != "call_function" or not node.args or not isinstance(node.args[0], Node):
        return False
    if node.target is _ATEN.detach.default:
        return True
    if node.target in _RESHAPES:
        return _shape(node) == _shape(node.args[0])
    return node.target is _ATEN.mul.Scalar and bool(node.args[1] == 1)


def _shape(node: Node) -> torch.Size | None:
    value = node.meta.get("val")
    return value.shape if isinstance(value, Tensor) else None
