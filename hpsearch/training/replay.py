"""The replay of recorded kernels on memory that stays: all that can be settled before the first call, is.

Bound to its arguments, a replay makes every view of them once. What a kernel gives goes to a place in an arena,
planned by when it is read last; from then on the place serves another kernel. So a step is a list of calls that
have all their arguments at hand. Kernels that can't be told where to write make new memory at each call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from hpsearch.training.arena import Arena, Place, plan

Run = Callable[[], list[Tensor]]
Bind = Callable[[Sequence[Tensor], Arena], Run]

_ATEN = torch.ops.aten


@dataclass(frozen=True, slots=True)
class Ref:
    """In place of a tensor: the index of a value."""

    index: int


@dataclass(slots=True)
class Call:
    """One kernel, with a Ref in place of each tensor. `result` is None where it only changes what it is given.

    `is_view` says that the result lies in the memory of the first argument; `place` what memory a kernel's one
    result takes, None where there are several.
    """

    function: Any
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    result: Ref | None = None
    is_view: bool = False
    place: Place | None = None
    frees: list[int] = field(default_factory=list)

    def given(self) -> Iterator[Ref]:
        """The values that it reads."""
        found: list[Ref] = []
        mapped((self.args, tuple(self.kwargs.values())), lambda part: _note(found, part))
        return iter(found)


class Replay:
    """Recorded calls, in order; values are the arguments, then what the calls give.

    `owner` says of each value which is the first one in the same memory; `constants` are values that depend on no
    argument.
    """

    def __init__(
        self,
        calls: Sequence[Call],
        arguments: int,
        results: Sequence[Ref],
        owner: Sequence[int],
        constants: Mapping[int, Any],
    ) -> None:
        self._results, self._size = [ref.index for ref in results], len(owner)
        self._calls = _needed(calls, self._results, constants)
        read = {ref.index for call in self._calls for ref in call.given()} | set(self._results)
        self._constants = {index: value for index, value in constants.items() if index in read}
        still = {*range(arguments), *self._constants}
        for call in self._calls:
            if call.result is not None and (
                (call.is_view and all(ref.index in still for ref in call.given()))
                or (call.place is not None and call.function in _WRITERS)
            ):
                still.add(call.result.index)
        self._still = still
        self._places, self._bytes = self._plan(owner)
        self._free_moving()

    def bind(self, arguments: Sequence[Tensor], arena: Arena) -> Run:
        """A function that replays the calls on the arguments, whatever these hold by then.

        Its results, in the arena or new, are to be read before anything else that is bound to the arena is called.
        """
        values: list[Any] = [*arguments, *[None] * (self._size - len(arguments))]
        for index, constant in self._constants.items():
            values[index] = constant
        memory = arena.memory(self._bytes)
        steps = [step for call in self._calls if (step := self._step(call, values, memory)) is not None]
        results = self._results

        def run() -> list[Tensor]:
            for function, args, kwargs in steps:
                function(*args, **kwargs)
            return [values[index] for index in results]

        return run

    def _step(self, call: Call, values: list[Any], memory: Tensor) -> tuple[Any, tuple[Any, ...], Any] | None:
        """A call with its arguments filled in; None for one that is done with, because it only makes a view."""
        stands = all(ref.index in self._still for ref in call.given())
        function, kwargs = call.function, dict(call.kwargs)
        args, result = call.args, call.result
        if result is not None and result.index in self._still and call.is_view:
            values[result.index] = function(*_filled(args, values), **_filled(kwargs, values))
            return None
        if result is not None and result.index in self._still:
            assert call.place is not None
            function, name, more = _WRITERS[function]
            args = (*args, *more)
            kwargs[name] = values[result.index] = call.place.view(memory, self._places[result.index])
            result = None
        if stands and result is None:
            return function, _filled(args, values), _filled(kwargs, values)
        return _Moving(function, args, kwargs, result, call.frees, values), (), {}

    def _plan(self, owner: Sequence[int]) -> tuple[dict[int, int], int]:
        """Where in the arena each kernel's result lies, and the arena's size, in bytes."""
        born: dict[int, tuple[int, int]] = {}
        last: dict[int, int] = {}
        for time, call in enumerate(self._calls):
            for ref in call.given():
                last[owner[ref.index]] = time
            if call.result is not None and not call.is_view and call.result.index in self._still:
                assert call.place is not None
                born[call.result.index] = (time, call.place.bytes)
                last[call.result.index] = time
        for index in self._results:
            last[owner[index]] = len(self._calls)
        return plan({index: (time, last[index], size) for index, (time, size) in born.items()})

    def _free_moving(self) -> None:
        """Have each call let go of the new memory that it is the last to read."""
        seen = {*self._still, *self._results}
        for call in reversed(self._calls):
            for index in {ref.index for ref in call.given()} - seen:
                call.frees.append(index)
                seen.add(index)


class _Moving:
    """A call that reads or makes tensors whose memory is new each time."""

    def __init__(
        self,
        function: Any,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        result: Ref | None,
        frees: Sequence[int],
        values: list[Any],
    ) -> None:
        self._function, self._args, self._kwargs, self._values = function, args, kwargs, values
        self._result, self._frees = result, frees

    def __call__(self) -> None:
        values = self._values
        result = self._function(*_filled(self._args, values), **_filled(self._kwargs, values))
        if self._result is not None:
            values[self._result.index] = result
        for index in self._frees:
            values[index] = None


def mapped(value: Any, change: Callable[[Any], Any]) -> Any:
    """A tree of tuples, lists and dictionaries with its leaves changed."""
    if isinstance(value, tuple | list):
        return type(value)([mapped(part, change) for part in value])
    if isinstance(value, dict):
        return {name: mapped(part, change) for name, part in value.items()}
    return change(value)


def _filled(value: Any, values: Sequence[Any]) -> Any:
    return mapped(value, lambda part: values[part.index] if isinstance(part, Ref) else part)


def _note(found: list[Ref], part: Any) -> None:
    if isinstance(part, Ref):
        found.append(part)


def _needed(calls: Sequence[Call], results: Sequence[int], constants: Mapping[int, Any]) -> list[Call]:
    """The calls without those whose result is constant or read by nobody."""
    read, needed = set(results), []
    for call in reversed(calls):
        if call.result is None or (call.result.index in read and call.result.index not in constants):
            needed.append(call)
            read.update(ref.index for ref in call.given())
    return needed[::-1]


def _writers() -> dict[Any, tuple[Any, str, tuple[Any, ...]]]:
    """Kernels that can be told where to write: how to call them then, the name for the place, and more arguments.

    PyTorch's own functions take half the time of their entries in `torch.ops`.
    """
    names = """
        add.Tensor sub.Tensor mul.Tensor div.Tensor div.Scalar eq.Tensor bmm.default gather.default
        scatter_add.default sum.dim_IntList mean.dim argmax.default neg.default abs.default exp.default log.default
        sqrt.default rsqrt.default reciprocal.default tanh.default pow.Tensor_Scalar where.self
        _log_softmax.default _log_softmax_backward_data.default
    """
    table: dict[Any, tuple[Any, str, tuple[Any, ...]]] = {}
    for packet, overload in (name.split(".") for name in names.split()):
        table[getattr(getattr(_ATEN, packet), overload)] = getattr(torch, packet), "out", ()
    for backward in (_ATEN.threshold_backward, _ATEN.tanh_backward, _ATEN.leaky_relu_backward):
        table[backward.default] = backward.grad_input, "grad_input", ()
    table[_ATEN.leaky_relu.default] = _ATEN.leaky_relu.out, "out", ()
    table[_ATEN.relu.default] = torch.clamp_min, "out", (0,)
    return table


_WRITERS = _writers()
