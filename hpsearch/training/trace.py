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

from hpsearch.training.arena import Place
from hpsearch.training.dispatch import DispatchMode
from hpsearch.training.replay import Bind, Call, Ref, Replay, mapped

Flat = Callable[..., list[Tensor]]

_ATEN = torch.ops.aten
_RESHAPES = {_ATEN.view.default, _ATEN.expand.default, _ATEN._unsafe_view.default}
#: Of what they are given they read the shape only.
_MAKERS = {
    _ATEN.ones_like.default,
    _ATEN.zeros_like.default,
    _ATEN.full_like.default,
    _ATEN.new_zeros.default,
    _ATEN.new_ones.default,
    _ATEN.new_full.default,
}


def record(function: Flat, arguments: Sequence[Tensor]) -> tuple[list[Tensor], Bind]:
    """Run `function(*arguments)`; returns its result, and a replay for arguments of the same shapes and strides.

    The replay changes in place what the function does. Raises ValueError where the function uses a tensor that
    is neither an argument nor made from one: a replay could not know its new value.
    """
    recorder = _Recorder(arguments)
    with recorder:
        result = function(*arguments)
    return result, recorder.replay(result)


class _Recorder(DispatchMode):
    """Writes down every kernel that runs below autograd and vmap."""

    def __init__(self, arguments: Sequence[Tensor]) -> None:
        super().__init__()
        self._arguments = len(arguments)
        self._calls: list[Call] = []
        self._refs: dict[int, Ref] = {}
        self._owner: list[int] = []  # of each value, the first one in the same memory
        self._constants: dict[int, Any] = {}
        for argument in arguments:
            self._bind(argument, self._new())

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        if _computes_nothing(func, args, result):
            self._bind(result, self._ref(args[0]))
            return result
        given: list[Ref] = []
        call = Call(func, mapped(args, self._noting(given)), mapped(kwargs, self._noting(given)))
        self._calls.append(call)
        if func._schema.is_mutable:
            self._change(call, result)
            return result
        source = args[0] if args and isinstance(args[0], Tensor) else None
        call.is_view = source is not None and _in_memory_of(result, source)
        call.result = self._new(self._owner[given[0].index] if call.is_view else None)
        fixed = (
            all(ref.index in self._constants for ref in given) and torch.Tag.nondeterministic_seeded not in func.tags
        )
        if fixed or func in _MAKERS:
            self._constants[call.result.index] = result
        if isinstance(result, Tensor):
            call.place = Place(result.shape, result.stride(), result.dtype)
            self._bind(result, call.result)
        elif isinstance(result, tuple | list):
            self._take_apart(call, result)
        return result

    def replay(self, result: Sequence[Tensor]) -> Bind:
        results = [self._ref(tensor) for tensor in result]
        return Replay(self._calls, self._arguments, results, self._owner, self._constants).bind

    def _take_apart(self, call: Call, result: Sequence[Any]) -> None:
        assert call.result is not None
        for index, part in enumerate(result):
            if isinstance(part, Tensor):
                own = Call(operator.getitem, (call.result, index), {}, is_view=True)
                own.result = self._new(self._owner[call.result.index])
                self._calls.append(own)
                if call.result.index in self._constants:
                    self._constants[own.result.index] = part
                self._bind(part, own.result)

    def _change(self, call: Call, result: Any) -> None:
        """Note what a kernel changes in place: from here on it is no constant, nor is what shares its memory."""
        changed = []
        for place, argument in enumerate(call.function._schema.arguments):
            if argument.alias_info is not None and argument.alias_info.is_write:
                value = call.args[place] if place < len(call.args) else call.kwargs.get(argument.name)
                mapped((value,), lambda part: changed.append(part) if isinstance(part, Ref) else None)
        owners = {self._owner[ref.index] for ref in changed}
        for index in [index for index in self._constants if self._owner[index] in owners]:
            del self._constants[index]
        if isinstance(result, Tensor) and id(result) not in self._refs:
            self._bind(result, changed[0])

    def _new(self, owner: int | None = None) -> Ref:
        index = len(self._owner)
        self._owner.append(index if owner is None else owner)
        return Ref(index)

    def _bind(self, tensor: Tensor, ref: Ref) -> None:
        # An id names a tensor only as long as it lives, and none is kept alive for the sake of its name.
        self._refs[id(tensor)] = ref
        weakref.finalize(tensor, self._refs.pop, id(tensor), None).atexit = False

    def _noting(self, given: list[Ref]) -> Callable[[Any], Any]:
        def ref(value: Any) -> Any:
            if not isinstance(value, Tensor):
                return value
            given.append(self._ref(value))
            return given[-1]

        return ref

    def _ref(self, tensor: Tensor) -> Ref:
        if id(tensor) in self._refs:
            return self._refs[id(tensor)]
        raise ValueError(f"a tensor of shape {tuple(tensor.shape)} comes from outside the recorded function")


def _computes_nothing(func: Any, args: Any, result: Any) -> bool:
    """Whether a kernel only gives its first argument another name."""
    return func is _ATEN.detach.default or (func in _RESHAPES and result.shape == args[0].shape)


def _in_memory_of(result: Any, source: Tensor) -> bool:
    """Whether all that a kernel gives lies in its first argument's memory."""
    parts = [result] if isinstance(result, Tensor) else [part for part in result if isinstance(part, Tensor)]
    place = source.untyped_storage().data_ptr()
    return bool(parts) and place != 0 and all(part.untyped_storage().data_ptr() == place for part in parts)
