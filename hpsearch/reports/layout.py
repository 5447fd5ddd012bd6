"""The look that all figures share, and panels in a grid that the page can narrow for a small screen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from hpsearch.declarations import Direction
from hpsearch.reports.drawing import Drawing
from hpsearch.reports.focus import Window
from hpsearch.reports.theme import Theme

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
WIDTH = 1040  # pixels assumed here; the page measures its own and lays the panels out again
MARGIN = {"l": 62, "r": 16, "t": 14, "b": 52}
GAP_X, GAP_Y = 68, 62


def base(theme: Theme, **layout: Any) -> Drawing:
    """An empty figure in the shared look."""
    figure = Drawing()
    figure.update_layout(
        template="none",
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": FONT, "size": 13, "color": theme.muted},
        margin=MARGIN,
        hoverlabel={
            "bgcolor": theme.paper,
            "bordercolor": theme.faint,
            "font": {"family": FONT, "size": 12, "color": theme.ink},
            "align": "left",
        },
        showlegend=False,
        dragmode="zoom",
        **layout,
    )
    return figure


def axis(theme: Theme, title: str = "", **more: Any) -> dict[str, Any]:
    """An axis in the shared look; `title` is already plain."""
    return {
        "title": {"text": title, "standoff": 8, "font": {"size": 13, "color": theme.muted}},
        "gridcolor": theme.grid,
        "linecolor": theme.grid,
        "tickfont": {"size": 12, "color": theme.muted},
        "zeroline": False,
        "nticks": 7,
        **more,
    }


def axis_names(panel: int) -> tuple[str, str]:
    """The names in a layout of the axes of panel 0, 1, …"""
    suffix = "" if panel == 0 else str(panel + 1)
    return f"xaxis{suffix}", f"yaxis{suffix}"


def place_panels(figure: Drawing, panels: int, columns: int, height: int, shared: bool = False) -> None:
    """Set the domains of panels 0, 1, … row by row; `height` is a panel's, in pixels.

    `shared` panels have one value axis, whose title stands in the first column only.

    `layout.meta` says the same to the page, which does it again with fewer columns when it is narrow.
    """
    rows = -(-panels // columns)
    inner_x = WIDTH - MARGIN["l"] - MARGIN["r"]
    inner_y = rows * height + (rows - 1) * GAP_Y
    width = (inner_x - (columns - 1) * GAP_X) / columns
    title = figure.layout.yaxis.title.text or ""
    for panel in range(panels):
        row, column = divmod(panel, columns)
        left = column * (width + GAP_X) / inner_x
        top = 1 - row * (height + GAP_Y) / inner_y
        x_name, y_name = axis_names(panel)
        figure.layout[x_name].domain = [left, min(1.0, left + width / inner_x)]
        figure.layout[x_name].anchor = y_name.replace("axis", "")
        figure.layout[y_name].domain = [max(0.0, top - height / inner_y), top]
        figure.layout[y_name].anchor = x_name.replace("axis", "")
        if shared:
            figure.layout[y_name].title.text = "" if column else title
    figure.layout.height = inner_y + MARGIN["t"] + MARGIN["b"]
    figure.layout.meta.merge({
        "panels": panels, "columns": columns, "height": height, "gapX": GAP_X, "gapY": GAP_Y,
        "shared": shared,
    })  # fmt: skip


def caption(figure: Drawing, text: str, theme: Theme) -> None:
    """Write plain text above the first panel; the page breaks it into lines. Call it after `place_panels`."""
    figure.add_annotation(
        name="caption", text=text, xref="x domain", yref="y domain",
        x=0, xanchor="left", y=1, yanchor="bottom", yshift=3,
        align="left",
        showarrow=False, font={"size": 11, "color": theme.muted},
    )  # fmt: skip
    figure.layout.margin.t += 16
    figure.layout.height += 16


def note_outside(
    figure: Drawing, window: Window | None, direction: Direction, theme: Theme, what: str = "trial"
) -> None:
    """Say above the first panel how many trials, or dots, its axis leaves out. Call it after `place_panels`."""
    if window is None or window.outside == 0:
        return
    count = f"1 {what} is" if window.outside == 1 else f"{window.outside:,} {what}s are"
    side = "below" if direction == "maximize" else "above"
    caption(figure, f"{count} {side}: double-click to see all", theme)


def offer_views(figure: Drawing, views: Sequence[tuple[str, Sequence[Mapping[str, Any]], Mapping[str, Any]]]) -> None:
    """Let the reader switch between views; the first one shows.

    Each is (label, what it changes of each trace, what it changes of the layout).
    """
    _, traces, changes = views[0]
    for trace, change in zip(figure.data, traces, strict=True):
        trace.merge(change)
    figure.layout.merge(changes)
    figure.layout.meta.views = [
        {"label": label, "data": [dict(change) for change in traces] if index else [], "layout": dict(changes)}
        for index, (label, traces, changes) in enumerate(views)
    ]


def unit_of_time(seconds: float) -> tuple[str, float]:
    """A unit in which this many seconds is a number between 2 and a few hundred, and its seconds."""
    for unit, size, below in (("seconds", 1.0, 180.0), ("minutes", 60.0, 180.0), ("hours", 3600.0, 72.0)):
        if seconds / size < below:
            return unit, size
    return "days", 86400.0


def floats(values: Iterable[float]) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Coordinates in single precision: more than a screen shows, in half the bytes."""
    return np.array(list(values), dtype=np.float32)


def of_trials(numbers: Iterable[int], said: str = "", value: str = "%{y:.4~g}") -> dict[str, Any]:
    """What is said of points that are trials: number and value; the page adds the hyperparameters from its table."""
    return {
        "customdata": np.array(list(numbers), dtype=np.int32),
        "hovertemplate": f"trial %{{customdata}}{said}<br>{value}<extra></extra>",
        "meta": {"trials": True},
    }
