"""A figure is two functions: one computes a small exact record, the other draws it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from markupsafe import Markup

    from hpsearch.reports.theme import Theme

Record = TypeVar("Record")


@dataclass(frozen=True, slots=True)
class Missing:
    """Why a figure cannot be drawn: one sentence, shown in its place."""

    reason: str


@dataclass(frozen=True, slots=True)
class Figure(Generic[Record]):
    """`compute(study, **options)` returns a record or Missing; `draw(record, theme)` draws the record.

    The keyword-only parameters of `compute` are the options that a dashboard may set; their
    annotations are checked. `draw` returns a plotly Figure, or safe HTML.
    """

    compute: Callable[..., Record | Missing]
    draw: Callable[[Record, Theme], go.Figure | Markup]
