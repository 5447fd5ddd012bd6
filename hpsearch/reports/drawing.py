"""A figure as plotly.js takes it, built from plain dictionaries.

Plotly's own Python classes check each property while a page is made, which takes a second of every run; here a test
hands each figure to them instead.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


class Part(dict[str, Any]):
    """A part of a figure. Its keys are attributes too, and one that is missing is an empty part, as in Plotly."""

    def __init__(self, given: Mapping[str, Any] | None = None) -> None:
        super().__init__({key: _part(value) for key, value in (given or {}).items()})

    def __missing__(self, key: str) -> Any:
        self[key] = Part()
        return self[key]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name]

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = _part(value)

    def merge(self, given: Mapping[str, Any]) -> None:
        """Take over what is given, part by part."""
        for key, value in given.items():
            if isinstance(value, Mapping) and isinstance(self.get(key), Part):
                self[key].merge(value)
            else:
                self[key] = _part(value)


class Drawing:
    """Traces and a layout; the methods are those of Plotly's Figure that figures need."""

    def __init__(self) -> None:
        self.data: list[Part] = []
        self.layout = Part()

    def add_trace(self, trace: Any) -> None:
        """Append a trace: a mapping with a `type`, or one of Plotly's own objects."""
        self.data.append(Part(trace if isinstance(trace, Mapping) else trace.to_plotly_json()))

    def update_layout(self, given: Mapping[str, Any] | None = None, **more: Any) -> None:
        """Take over parts of the layout, nested ones part by part."""
        self.layout.merge({**(given or {}), **more})

    def add_shape(self, **shape: Any) -> None:
        """Append a line or a rectangle."""
        self._append("shapes", shape)

    def add_annotation(self, **annotation: Any) -> None:
        """Append a text at a place."""
        self._append("annotations", annotation)

    def _append(self, key: str, item: Mapping[str, Any]) -> None:
        self.layout.setdefault(key, []).append(Part(item))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON; arrays of numbers as Plotly packs them."""
        return {"data": [_plain(trace) for trace in self.data], "layout": _plain(self.layout)}

    def to_json(self) -> str:
        """The same as text."""
        return json.dumps(self.to_dict(), separators=(",", ":"), allow_nan=False)


def scatter(**trace: Any) -> dict[str, Any]:
    """Points and lines."""
    return {"type": "scatter", **trace}


def _part(value: Any) -> Any:
    if isinstance(value, Mapping) and not isinstance(value, Part):
        return Part(value)
    if isinstance(value, (list, tuple)) and any(isinstance(item, Mapping) for item in value):
        return [_part(item) for item in value]
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        items = {key: _plain(item) for key, item in value.items()}
        return {key: item for key, item in items.items() if item is not None and item != {}}
    if isinstance(value, np.ndarray):
        return packed(value)
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(item) for item in value]
    return value


def packed(values: np.ndarray[Any, Any]) -> Any:
    """Numbers as plotly.js reads them fastest, in base64; of a few the plain list is shorter."""
    if values.dtype.kind not in "fiu" or values.size < 16 or values.ndim > 1:
        return _plain(values.tolist())
    kind = f"{values.dtype.kind}{values.dtype.itemsize}"
    return {"dtype": kind, "bdata": base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()}
