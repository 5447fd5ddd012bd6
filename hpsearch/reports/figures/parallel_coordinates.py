"""The best trials as lines through all their hyperparameters at once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from hpsearch.declarations import Direction
from hpsearch.events import Scalar
from hpsearch.reports.drawing import Drawing
from hpsearch.reports.figure import Figure, Missing
from hpsearch.reports.layout import base
from hpsearch.reports.theme import Theme
from hpsearch.reports.ticks import between
from hpsearch.reports.words import ABSENT, label, number, plain, scalar, shorten
from hpsearch.search.records import Dimension, StudyRecord, TrialRecord

INACTIVE = f"{ABSENT} inactive"
Ticks = tuple[tuple[float, str], ...]

LONGEST_TICK = 12  # characters


@dataclass(frozen=True, slots=True)
class Axis:
    """One upright axis: a place for each trial, from `low` to `high`, and its ticks.

    Places are values, their decimal logarithms, or the places of options in their list. A trial in
    which the hyperparameter is inactive has a place of its own below the rest, with the tick INACTIVE.
    """

    name: str
    places: tuple[float, ...]
    low: float
    high: float
    ticks: Ticks


@dataclass(frozen=True, slots=True)
class ParallelCoordinates:
    """`values` are the metric's, one a trial, from the best down, as are the places of each axis."""

    metric: str
    direction: Direction
    numbers: tuple[int, ...]
    values: tuple[float, ...]
    axes: tuple[Axis, ...]


def compute(study: StudyRecord, *, best: Annotated[int, Field(ge=2)] = 100) -> ParallelCoordinates | Missing:
    """The `best` best trials; hyperparameters with one possible value are left out."""
    ranked = study.ranked[:best]
    if len(ranked) < 2:
        return Missing("Fewer than two trials have a final value.")
    axes = [_axis(dimension, ranked) for dimension in study.dimensions if dimension.varies]
    if not axes:
        return Missing("No searched hyperparameter varies.")
    return ParallelCoordinates(
        study.metric,
        study.direction,
        tuple(trial.number for trial in ranked),
        tuple(trial.value or 0.0 for trial in ranked),
        tuple(axes),
    )


def _axis(dimension: Dimension, trials: Sequence[TrialRecord]) -> Axis:
    places = [_place(dimension, trial.params) for trial in trials]
    if dimension.options is not None:
        ticks = [(float(place), scalar(option)) for place, option in enumerate(dimension.options)]
        low, high = 0.0, float(len(dimension.options) - 1)
        step = 1.0
    else:
        ends = [_scale(dimension, end) for end in (dimension.low, dimension.high) if end is not None]
        known = [place for place in places if place is not None]
        low, high = min([*ends, *known]), max([*ends, *known])
        ticks = _ticks(dimension, low, high)
        step = 0.14 * (high - low)
    if None in places:
        below = low - step
        ticks, low = [(below, INACTIVE), *ticks], below
    return Axis(dimension.name, tuple(low if place is None else place for place in places), low, high, tuple(ticks))


def _place(dimension: Dimension, params: Mapping[str, Scalar]) -> float | None:
    place = dimension.place(params)
    return place if place is None or dimension.options is not None else _scale(dimension, place)


def _scale(dimension: Dimension, value: float) -> float:
    return math.log10(value) if dimension.log else float(value)


def _ticks(dimension: Dimension, low: float, high: float) -> list[tuple[float, str]]:
    """Both ends, and between them whole decades, small whole numbers, or round numbers."""
    if dimension.log:
        room = 0.12 * (high - low)
        decades = range(math.ceil(low + room), math.floor(high - room) + 1)
        stride = max(1, -(-len(decades) // 5))
        inner = [float(decade) for decade in decades[::stride]]
        return [(place, number(10**place, 3)) for place in (low, *inner, high)]
    if dimension.integer and high - low <= 8:
        return [(low + step, number(low + step)) for step in range(int(high - low) + 1)]
    places = [low, *between(low, high, 5), high]
    if dimension.integer:
        places = [place for place in places if place == int(place)]
    return [(place, number(place)) for place in places]


def draw(record: ParallelCoordinates, theme: Theme) -> Drawing:
    """Plotly's parallel coordinates, the metric last; better values in the stronger colour."""
    figure = base(theme)
    low, high = min(record.values), max(record.values)
    pad = 0 if high > low else abs(low) * 0.01 or 0.01
    low, high = low - pad, high + pad
    stops = [[0.0, theme.worst], [0.55, theme.middle], [1.0, theme.best]]
    metric = Axis(record.metric, record.values, low, high, _value_ticks(low, high))
    figure.add_trace({
        "type": "parcoords",
        "dimensions": [_dimension(axis) for axis in (*record.axes, metric)],
        "line": {
            "color": list(record.values), "cmin": low, "cmax": high, "colorscale": stops,
            "reversescale": record.direction == "minimize",
        },
        "labelangle": -18, "labelside": "top",
        "labelfont": {"size": 12, "color": theme.ink},
        "tickfont": {"size": 11, "color": theme.muted},
        "rangefont": {"size": 1, "color": "rgba(0,0,0,0)"},
    })  # fmt: skip
    # The first axis has its labels left of it, where only the margin has room.
    longest = max(len(shorten(text, LONGEST_TICK)) for _, text in (record.axes or (metric,))[0].ticks)
    figure.update_layout(height=430, margin={"l": max(64, 16 + 7 * longest), "r": 64, "t": 72, "b": 24})
    figure.layout.meta = {"minWidth": 76 * (len(record.axes) + 1)}
    return figure


def _value_ticks(low: float, high: float) -> Ticks:
    places = [low + part * (high - low) / 4 for part in range(5)]
    return tuple((place, number(place)) for place in places)


def _dimension(axis: Axis) -> dict[str, object]:
    return {
        "label": plain(shorten(label(axis.name), 20)),
        "values": list(axis.places),
        "range": [axis.low, axis.high],
        "tickvals": [place for place, _ in axis.ticks],
        "ticktext": [plain(shorten(text, LONGEST_TICK)) for _, text in axis.ticks],
    }


def alt(record: ParallelCoordinates) -> str:
    """What is drawn, and between which values."""
    names = ", ".join(label(axis.name) for axis in record.axes)
    worst, best = number(record.values[-1]), number(record.values[0])
    return f"A line for each of the {len(record.values)} best trials, {worst} to {best}, through {names}."


figure = Figure(compute, draw, alt)
