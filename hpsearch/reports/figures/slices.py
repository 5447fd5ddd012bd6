"""One small panel for each searched hyperparameter: the value that each trial reached against it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
import plotly.graph_objects as go
from pydantic import Field

from hpsearch.declarations import Direction
from hpsearch.events import Scalar
from hpsearch.reports.figure import Figure, Missing
from hpsearch.reports.focus import Window, evenly, focus, value_range
from hpsearch.reports.layout import axis, axis_names, base, note_outside, place_panels
from hpsearch.reports.theme import Theme
from hpsearch.reports.words import label, number, params_lines, plain, scalar, shorten, two_lines
from hpsearch.search.records import Dimension, StudyRecord, TrialRecord

MANY = 2000  # points in all panels together; above, they are drawn by WebGL
MOST_LEVEL = 8  # of so many options or fewer the names stand level
GOLDEN = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True, slots=True)
class Slice:
    """One panel. `x` holds values, or for options their places in `options`.

    `active` of the study's scored trials have this hyperparameter at all. `pruned` are the points of pruned
    trials, each at its last value.
    """

    name: str
    scale: Literal["linear", "log", "options"]
    options: tuple[str, ...]
    integer: bool
    low: float | None
    high: float | None
    numbers: tuple[int, ...]
    x: tuple[float, ...]
    y: tuple[float, ...]
    active: int
    pruned: tuple[tuple[float, float], ...] = ()

    @property
    def places(self) -> tuple[float, ...]:
        """All places along x."""
        return (*self.x, *(x for x, _ in self.pruned))


@dataclass(frozen=True, slots=True)
class Slices:
    """All panels, in the study's order. `best` is a trial's number, `scored` counts the trials with a value.

    `params` are the hyperparameters of each trial shown, by number.
    """

    metric: str
    direction: Direction
    panels: tuple[Slice, ...]
    best: int
    scored: int
    params: Mapping[int, Mapping[str, Scalar]]
    window: Window | None


def compute(study: StudyRecord, *, most: Annotated[int, Field(ge=2)] = 2000) -> Slices | Missing:
    """The panels; of more than `most` scored trials the best third of `most`, and others evenly by number."""
    scored = [trial for trial in study.trials if trial.scored]
    best = study.best
    if best is None or len(scored) < 2:
        return Missing("Fewer than two trials have a final value.")
    chosen = _choose(scored, most, study.direction)
    pruned = [(trial, last) for trial in study.trials if (last := trial.stopped_at(study.metric)) is not None][-most:]
    panels = [_panel(dimension, chosen, scored, pruned) for dimension in study.dimensions if dimension.varies]
    if not any(panel.places for panel in panels):
        return Missing("No searched hyperparameter varies.")
    return Slices(
        study.metric,
        study.direction,
        tuple(panel for panel in panels if panel.places),
        best.number,
        len(scored),
        {trial.number: trial.params for trial in chosen},
        focus([*(trial.value or 0.0 for trial in scored), *(last for _, last in pruned)], study.direction),
    )


def _choose(scored: list[TrialRecord], most: int, direction: Direction) -> list[TrialRecord]:
    if len(scored) <= most:
        return scored
    ranked = sorted(scored, key=lambda trial: trial.value or 0.0, reverse=direction == "maximize")
    best = ranked[: max(1, most // 3)]
    taken = {trial.number for trial in best}
    rest = [trial for trial in scored if trial.number not in taken]
    room = most - len(best)
    return sorted(best + evenly(rest, room), key=lambda trial: trial.number)


def _panel(
    dimension: Dimension,
    chosen: list[TrialRecord],
    scored: list[TrialRecord],
    pruned: list[tuple[TrialRecord, float]],
) -> Slice:
    name, options = dimension.name, dimension.options
    placed = [(trial, x) for trial in chosen if (x := dimension.place(trial.params)) is not None]
    return Slice(
        name=name,
        scale="options" if options is not None else "log" if dimension.log else "linear",
        options=tuple(scalar(option) for option in options or ()),
        integer=dimension.integer,
        low=dimension.low,
        high=dimension.high,
        numbers=tuple(trial.number for trial, _ in placed),
        x=tuple(x for _, x in placed),
        y=tuple(trial.value or 0.0 for trial, _ in placed),
        active=sum(name in trial.params for trial in scored),
        pruned=tuple((x, last) for trial, last in pruned if (x := dimension.place(trial.params)) is not None),
    )


def draw(record: Slices, theme: Theme) -> go.Figure:
    """Panels in rows of three; the best trial is a star in each."""
    figure = base(theme, hovermode="closest")
    fast = sum(len(panel.places) for panel in record.panels) > MANY
    for index, panel in enumerate(record.panels):
        _draw_panel(figure, record, panel, index, theme, fast)
    place_panels(figure, panels=len(record.panels), columns=3, height=210, shared=True)
    note_outside(figure, record.window, record.direction, theme)
    return figure


def _draw_panel(figure: go.Figure, record: Slices, panel: Slice, index: int, theme: Theme, fast: bool) -> None:
    x_name, y_name = axis_names(index)
    where = {"xaxis": x_name.replace("axis", ""), "yaxis": y_name.replace("axis", "")}
    places = [place + _jitter(which) for place, which in zip(panel.x, panel.numbers, strict=True)]
    x = np.array(places if panel.scale == "options" else panel.x, dtype=np.float32)
    trace = go.Scattergl if fast else go.Scatter
    if panel.pruned:
        spread = _jitter if panel.scale == "options" else lambda which: 0.0
        figure.add_trace(trace(
            x=np.array([place + spread(which) for which, (place, _) in enumerate(panel.pruned)], dtype=np.float32),
            y=np.array([last for _, last in panel.pruned], dtype=np.float32), mode="markers", hoverinfo="skip",
            marker={"size": 5, "symbol": "x", "color": theme.faint, "opacity": 0.5}, **where,
        ))  # fmt: skip
    figure.add_trace(trace(
        x=x, y=np.array(panel.y, dtype=np.float32), mode="markers",
        marker={"size": 5, "color": theme.blue, "opacity": 0.3 if fast else 0.5},
        **_hover(record, panel, fast), **where,
    ))  # fmt: skip
    if record.best in panel.numbers:
        at = panel.numbers.index(record.best)
        figure.add_trace(trace(
            x=[float(x[at])], y=[panel.y[at]], mode="markers", hoverinfo="skip",
            marker={"size": 13, "symbol": "star", "color": theme.vermillion}, **where,
        ))  # fmt: skip
    value_axis = axis(theme, plain(label(record.metric)), nticks=5, tickformat=".4~g")
    value_axis["range"] = value_range(_all_values(record), record.window)
    if index > 0:
        value_axis["matches"] = "y"
    figure.update_layout({x_name: _x_axis(record, panel, theme), y_name: value_axis})
    for edge in {panel.low, panel.high} - {None}:
        figure.add_shape(
            type="line", x0=edge, x1=edge, y0=0, y1=1, xref=where["xaxis"], yref=f"{where['yaxis']} domain",
            line={"color": theme.faint, "width": 1, "dash": "dot"}, layer="below",
        )  # fmt: skip


def _all_values(record: Slices) -> list[float]:
    return [y for panel in record.panels for y in (*panel.y, *(last for _, last in panel.pruned))]


def _jitter(which: int) -> float:
    """A place between -0.3 and 0.3 that is the same each time and spreads neighbours evenly."""
    return (which * GOLDEN % 1.0 - 0.5) * 0.6


def _hover(record: Slices, panel: Slice, fast: bool) -> dict[str, Any]:
    """The trial with its hyperparameters; of many points only the numbers, which keeps the page small."""
    if fast:
        return {
            "customdata": np.array(panel.numbers, dtype=np.int32),
            "hovertemplate": "trial %{customdata}<br>%{y:.4~g}<extra></extra>",
        }
    metric = plain(label(record.metric))
    return {
        "text": [
            f"trial {which}<br>{metric}: {number(value)}<br>{params_lines(record.params[which])}"
            for which, value in zip(panel.numbers, panel.y, strict=True)
        ],
        "hoverinfo": "text",
    }


def _x_axis(record: Slices, panel: Slice, theme: Theme) -> dict[str, Any]:
    title = plain(shorten(label(panel.name), 34))
    if panel.active < record.scored:
        title += f"  ({panel.active:,} of {record.scored:,} trials)"
    if panel.scale == "options":
        last = len(panel.options) - 1
        return axis(
            theme, title, tickmode="array", tickvals=list(range(last + 1)), showgrid=False,
            ticktext=_option_labels(panel.options), range=[-0.5, last + 0.5],
            tickangle=0 if last < MOST_LEVEL else None, tickfont={"size": 12 if last < 4 else 10, "color": theme.muted},
        )  # fmt: skip
    low, high = min(panel.low or 0.0, *panel.places), max(panel.high or 0.0, *panel.places)
    if panel.scale == "log":
        low, high = math.log10(low), math.log10(high)
    pad = 0.04 * (high - low)
    ticks: dict[str, Any] = {"nticks": 5, "tickformat": "~g"}
    if panel.scale == "log" and high - low >= 1.5:
        stride = math.ceil((high - low) / 5)
        powers = [10.0**power for power in range(math.ceil(low), math.floor(high) + 1, stride)]
        ticks = {"tickmode": "array", "tickvals": powers, "ticktext": [number(power) for power in powers]}
    elif panel.integer and high - low <= 8:
        ticks = {"dtick": 1, "tickformat": "d"}
    return axis(theme, title, type=panel.scale, range=[low - pad, high + pad], **ticks)


def _option_labels(options: tuple[str, ...]) -> list[str]:
    """A few break where they are long; more stand on two levels in turn."""
    if len(options) <= 6 or len(options) > MOST_LEVEL:
        return [two_lines(shorten(option, 20)) for option in options]
    return ["<br>" * (place % 2) + plain(shorten(option, 14)) for place, option in enumerate(options)]


figure = Figure(compute, draw)
