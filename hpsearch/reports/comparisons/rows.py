"""Contestants or pairs of them under each other: a mark with its interval in each row, its name above it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hpsearch.reports.drawing import Drawing
from hpsearch.reports.layout import axis, base, place_panels
from hpsearch.reports.theme import Theme
from hpsearch.reports.words import number, plain

ROW, ROW_OF_DOTS = 46, 58  # pixels
BELOW = 13  # pixels from a bar to the middle of its dots


@dataclass(frozen=True, slots=True)
class Row:
    """`mark` with an interval from `low` to `high`, faint `dots` with what is said of each, and `note` after the name.

    `colour` is the place among the theme's series.
    """

    name: str
    colour: int
    mark: float
    low: float
    high: float
    dots: tuple[tuple[float, str], ...] = ()
    note: str = ""


def draw_rows(
    rows: Sequence[Row], theme: Theme, title: str, ends: tuple[float, float], line: float | None = None
) -> Drawing:
    """The rows from top to bottom over one axis from `ends`; `line` is a value to compare them with."""
    figure = base(theme, hovermode="closest")
    high = ROW_OF_DOTS if any(row.dots for row in rows) else ROW
    for place, row in enumerate(rows):
        colour = theme.series[row.colour]
        said = f"{plain(row.name)}: {number(row.mark)}<br>95%: {number(row.low)} to {number(row.high)}"
        figure.add_trace({
            "type": "scatter", "x": [value for value, _ in row.dots], "y": [place + BELOW / high] * len(row.dots),
            "mode": "markers", "marker": {"size": 8, "color": colour, "opacity": 0.4},
            "text": [plain(text) for _, text in row.dots], "hoverinfo": "text",
        })  # fmt: skip
        figure.add_trace({
            "type": "scatter", "x": [row.low, row.high], "y": [place, place], "mode": "lines",
            "line": {"color": colour, "width": 3}, "hoverinfo": "skip",
        })  # fmt: skip
        figure.add_trace({
            "type": "scatter", "x": [row.mark], "y": [place], "mode": "markers",
            "marker": {"size": 12, "symbol": "diamond", "color": colour}, "text": [said], "hoverinfo": "text",
        })  # fmt: skip
        figure.add_annotation(
            text=plain(row.name) + (f"  {plain(row.note)}" if row.note else ""), bgcolor=theme.paper, borderpad=1,
            x=0, xref="x domain", xanchor="left", y=place, yref="y", yanchor="bottom", yshift=6,
            showarrow=False, font={"size": 12, "color": theme.ink},
        )  # fmt: skip
    figure.update_layout(
        xaxis=axis(theme, title, range=list(ends)),
        yaxis=axis(theme, "", range=[len(rows) - 0.6, -0.75], showticklabels=False, showgrid=False),
        margin={"l": 16, "r": 16, "t": 14, "b": 52},
    )
    place_panels(figure, panels=1, columns=1, height=max(90, high * len(rows)))
    if line is not None:
        figure.add_shape(
            type="line", x0=line, x1=line, y0=0, y1=1, yref="y domain", layer="below",
            line={"color": theme.faint, "dash": "dot"},
        )  # fmt: skip
    return figure


def room(values: Sequence[float]) -> tuple[float, float]:
    """The ends of an axis with a little room around all of these, at least one."""
    low, high = min(values), max(values)
    pad = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    return low - pad, high + pad
