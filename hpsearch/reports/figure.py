"""A figure is two functions: one computes a small exact record, the other draws it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from markupsafe import Markup

    from hpsearch.reports.drawing import Drawing
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
    annotations are checked. `draw` returns a Drawing, one of Plotly's own figures, or safe HTML.
    `alt` says in a sentence or two what there is to see, for those who cannot see it; `notes` are sentences above the
    figure, warnings for instance. Both are plain text, computed from the record.
    """

    compute: Callable[..., Record | Missing]
    draw: Callable[[Record, Theme], Drawing | go.Figure | Markup]
    alt: Callable[[Record], str] | None = None
    notes: Callable[[Record], Sequence[str]] | None = None
