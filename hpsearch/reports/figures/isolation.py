"""Isolation plots: for each value or bin of one hyperparameter the best that any choice of all others reached there.

Godbole et al., "Deep Learning Tuning Playbook", 2023: it marginalises the nuisance hyperparameters by optimising over
them, where a slice shows good and bad choices of them alike.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from hpsearch.declarations import Direction
from hpsearch.reports.drawing import Drawing, scatter
from hpsearch.reports.figure import Figure, Missing
from hpsearch.reports.focus import Window, focus, value_range
from hpsearch.reports.layout import axis, axis_names, base, note_outside, place_panels
from hpsearch.reports.scales import dimension_axis, place_said
from hpsearch.reports.theme import Theme
from hpsearch.reports.words import counted, label, number, plain
from hpsearch.search.records import Dimension, StudyRecord, TrialRecord


@dataclass(frozen=True, slots=True)
class Bin:
    """Values from `low` to `high` (equal for one value; places in the list for options), and the best of `count` there.

    `centre` is where it is drawn, `number` the best one's trial.
    """

    low: float
    high: float
    centre: float
    best: float
    number: int
    count: int


@dataclass(frozen=True, slots=True)
class Isolated:
    """One panel, its bins from left to right; empty bins are left out. `spread` is best minus worst of them."""

    dimension: Dimension
    bins: tuple[Bin, ...]

    @property
    def spread(self) -> float:
        values = [part.best for part in self.bins]
        return max(values) - min(values)


@dataclass(frozen=True, slots=True)
class Isolation:
    """All panels, in the study's order."""

    metric: str
    direction: Direction
    panels: tuple[Isolated, ...]
    scored: int


def compute(study: StudyRecord, *, bins: Annotated[int, Field(ge=2, le=30)] = 8) -> Isolation | Missing:
    """Ranges are cut into `bins` equal parts of their scale; options and few whole numbers stand for themselves."""
    scored = [trial for trial in study.trials if trial.scored]
    if len(scored) < 2:
        return Missing("Fewer than two trials have a final value.")
    panels = [Isolated(d, tuple(_bins(study, d, scored, bins))) for d in study.dimensions if d.varies]
    panels = [panel for panel in panels if panel.bins]
    if not panels:
        return Missing("No searched hyperparameter varies.")
    return Isolation(study.metric, study.direction, tuple(panels), len(scored))


def _bins(study: StudyRecord, dimension: Dimension, scored: Sequence[TrialRecord], count: int) -> list[Bin]:
    groups: dict[int, list[tuple[TrialRecord, float]]] = {}
    for trial in scored:
        place = dimension.place(trial.params)
        if place is not None:
            groups.setdefault(_which(dimension, place, count), []).append((trial, place))
    found = []
    for index in sorted(groups):
        best = min(groups[index], key=lambda one: (-1 if study.direction == "maximize" else 1) * (one[0].value or 0.0))
        low, high, centre = _ends(dimension, index, count)
        found.append(Bin(low, high, centre, best[0].value or 0.0, best[0].number, len(groups[index])))
    return found


def _single(dimension: Dimension, count: int) -> bool:
    """Whether each value has a part of its own."""
    if dimension.options is not None:
        return True
    low, high = dimension.low or 0.0, dimension.high or 0.0
    step = dimension.step or (1 if dimension.integer else None)
    return step is not None and not dimension.log and (high - low) / step < count


def _which(dimension: Dimension, place: float, count: int) -> int:
    if dimension.options is not None:
        return int(place)
    low, high = dimension.low or 0.0, dimension.high or 0.0
    if _single(dimension, count):
        return round((place - low) / (dimension.step or 1))
    scale = math.log if dimension.log else float
    share = (scale(place) - scale(low)) / (scale(high) - scale(low))
    return min(max(int(share * count), 0), count - 1)


def _ends(dimension: Dimension, index: int, count: int) -> tuple[float, float, float]:
    if dimension.options is not None:
        return float(index), float(index), float(index)
    low, high = dimension.low or 0.0, dimension.high or 0.0
    if _single(dimension, count):
        value = low + index * (dimension.step or 1)
        return value, value, value
    scale, back = (math.log, math.exp) if dimension.log else (float, float)

    def at(share: float) -> float:
        return back(scale(low) + share * (scale(high) - scale(low)))

    return at(index / count), at((index + 1) / count), at((index + 0.5) / count)


def draw(record: Isolation, theme: Theme) -> Drawing:
    """Panels in rows of three that share the value axis; a point is larger the more trials it is the best of."""
    figure = base(theme, hovermode="closest")
    values = [part.best for panel in record.panels for part in panel.bins]
    window = focus(values, record.direction)
    shown = value_range(values, window)
    for index, panel in enumerate(record.panels):
        x_name, y_name = axis_names(index)
        figure.add_trace(scatter(
            x=[part.centre for part in panel.bins], y=[part.best for part in panel.bins],
            mode="lines+markers" if panel.dimension.options is None else "markers",
            line={"color": theme.blue, "width": 2},
            marker={
                "color": theme.blue, "line": {"width": 0},
                "size": [_size(part.count, record.scored) for part in panel.bins],
            },
            text=[_said(panel.dimension, part) for part in panel.bins], hoverinfo="text",
            xaxis=x_name.replace("axis", ""), yaxis=y_name.replace("axis", ""),
        ))  # fmt: skip
        value_axis: dict[str, Any] = axis(theme, plain(label(record.metric)), nticks=5, tickformat=".4~g", range=shown)
        if index:
            value_axis["matches"] = "y"
        places = [part.centre for part in panel.bins]
        figure.update_layout({x_name: dimension_axis(panel.dimension, places, theme), y_name: value_axis})
        if window is not None and all(_outside(part.best, window, record.direction) for part in panel.bins):
            _say_where(figure, x_name, y_name, record.direction, theme)
    place_panels(figure, panels=len(record.panels), columns=3, height=190, shared=True)
    note_outside(figure, window, record.direction, theme, "dot")
    return figure


def _outside(value: float, window: Window, direction: Direction) -> bool:
    return value < window.low if direction == "maximize" else value > window.high


def _say_where(figure: Drawing, x_name: str, y_name: str, direction: Direction, theme: Theme) -> None:
    """In the middle of a panel that would be empty: on which side of the axis its dots are."""
    figure.add_annotation(
        text="all are below" if direction == "maximize" else "all are above",
        x=0.5, y=0.5, xref=f"{x_name.replace('axis', '')} domain", yref=f"{y_name.replace('axis', '')} domain",
        showarrow=False, font={"size": 12, "color": theme.muted},
    )  # fmt: skip


def _size(count: int, of: int) -> float:
    return round(5 + 9 * math.sqrt(count / of), 1)


def _said(dimension: Dimension, part: Bin) -> str:
    where = place_said(dimension, part.low)
    where += f" to {place_said(dimension, part.high)}" if part.high > part.low else ""
    return (
        f"{plain(label(dimension.name))} {plain(where)}<br>best {number(part.best)}, trial {part.number}<br>"
        f"of {counted(part.count, 'trial')}"
    )


def alt(record: Isolation) -> str:
    """For each hyperparameter where the best was reached, the one with the widest spread first."""
    sign: Literal[-1, 1] = -1 if record.direction == "maximize" else 1
    told = []
    for panel in sorted(record.panels, key=lambda panel: -panel.spread)[:4]:
        best = min(panel.bins, key=lambda part: sign * part.best)
        told.append(
            f"{label(panel.dimension.name)} about {place_said(panel.dimension, best.centre)} ({number(best.best)})"
        )
    return f"The best {label(record.metric)} for each value of one hyperparameter: {', '.join(told)}."


figure = Figure(compute, draw, alt)
