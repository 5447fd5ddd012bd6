"""The two hyperparameters that matter most against each other: how good the value is about each place."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from hpsearch.declarations import Direction
from hpsearch.reports.drawing import Drawing, scatter
from hpsearch.reports.figure import Figure, Missing
from hpsearch.reports.focus import evenly
from hpsearch.reports.layout import base, floats, of_trials, place_panels
from hpsearch.reports.scales import dimension_axis, place_said
from hpsearch.reports.theme import Theme
from hpsearch.reports.words import label, number, plain
from hpsearch.search.importance import most_important_pair
from hpsearch.search.records import Dimension, StudyRecord, TrialRecord

STEPS = 36  # places of a range on the grid
FEWEST = 10
NEAR = 0.3  # a place with less than this weight of trials about it has no colour


@dataclass(frozen=True, slots=True)
class Contours:
    """`surface[row][column]` is the value about a place of `y` and `x`, nothing where no trials are near.

    Grid and points have values, or the places of options in their list; a point is (trial, x, y).
    """

    metric: str
    direction: Direction
    x: Dimension
    y: Dimension
    columns: tuple[float, ...]
    rows: tuple[float, ...]
    surface: tuple[tuple[float | None, ...], ...]
    points: tuple[tuple[int, float, float], ...]
    best: int


def compute(study: StudyRecord, *, most: Annotated[int, Field(ge=0)] = 500) -> Contours | Missing:
    """A kernel estimate (Nadaraya, Watson, 1964) over the scored trials; at most `most` of them as points."""
    pair = most_important_pair(study)
    if pair is None:
        return Missing("Fewer than two searched hyperparameters vary.")
    x, y = pair
    placed = [
        (trial, a, b)
        for trial in study.trials
        if trial.scored and (a := x.place(trial.params)) is not None and (b := y.place(trial.params)) is not None
    ]
    if study.best is None or len(placed) < FEWEST:
        return Missing(f"Fewer than {FEWEST} trials have a final value and both {label(x.name)} and {label(y.name)}.")
    columns, rows = _grid(x), _grid(y)
    points = [(trial.number, a, b) for trial, a, b in placed]
    shown = evenly(points, most)
    shown += [point for point in points if point[0] == study.best.number and point not in shown]
    return Contours(
        study.metric, study.direction, x, y, columns, rows,
        _surface(x, y, columns, rows, placed), tuple(shown), study.best.number,
    )  # fmt: skip


def _grid(dimension: Dimension) -> tuple[float, ...]:
    if dimension.options is not None:
        return tuple(map(float, range(len(dimension.options))))
    shares = np.linspace(0, 1, STEPS)
    low, high = dimension.low or 0.0, dimension.high or 0.0
    if dimension.log:
        return tuple(np.exp(math.log(low) + shares * (math.log(high) - math.log(low))).tolist())
    return tuple((low + shares * (high - low)).tolist())


def _unit(dimension: Dimension, places: Sequence[float]) -> NDArray[np.float64]:
    """Places on a scale of 0 to 1; options, which have no order, far from each other."""
    values = np.array(places, dtype=float)
    if dimension.options is not None:
        return 1e3 * values
    low, high = dimension.low or 0.0, dimension.high or 0.0
    if dimension.log:
        low, high, values = math.log(low), math.log(high), np.log(values)
    return np.asarray((values - low) / (high - low))


def _surface(
    x: Dimension, y: Dimension, columns: Sequence[float], rows: Sequence[float],
    placed: list[tuple[TrialRecord, float, float]],
) -> tuple[tuple[float | None, ...], ...]:  # fmt: skip
    values = np.array([trial.value or 0.0 for trial, _, _ in placed])
    width = 0.5 * len(placed) ** (-1 / 6)  # Scott's rule for two dimensions, for places spread evenly, halved

    def weights(grid: NDArray[np.float64], at: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.exp(-0.5 * ((grid[:, None] - at[None, :]) / width) ** 2))

    across = weights(_unit(x, columns), _unit(x, [a for _, a, _ in placed]))
    upwards = weights(_unit(y, rows), _unit(y, [b for _, _, b in placed]))
    weight = upwards @ across.T
    mean = (upwards * values) @ across.T / np.maximum(weight, 1e-300)
    return tuple(
        tuple(None if w < NEAR else float(m) for m, w in zip(*both, strict=True))
        for both in zip(mean, weight, strict=True)
    )


def draw(record: Contours, theme: Theme) -> Drawing:
    """Contours where both are numbers, else coloured cells; the trials as dots, the best one as a star."""
    figure = base(theme, hovermode="closest")
    stops = [[0.0, theme.worst], [0.55, theme.middle], [1.0, theme.best]]
    both = record.x.options is None and record.y.options is None
    shared: dict[str, Any] = {
        "x": list(record.columns), "y": list(record.rows), "z": _rounded(record.surface), "colorscale": stops,
        "reversescale": record.direction == "minimize", "hoverinfo": "skip",
        "colorbar": {
            "thickness": 12, "outlinewidth": 0, "nticks": 6, "tickfont": {"size": 11, "color": theme.muted},
            "title": {"text": plain(label(record.metric)), "side": "right", "font": {"size": 12, "color": theme.muted}},
        },
    }  # fmt: skip
    figure.add_trace(
        {"type": "contour", "line": {"width": 0.5, "color": theme.paper}, "ncontours": 12, **shared}
        if both
        else {"type": "heatmap", "xgap": 1, "ygap": 1, **shared}
    )
    figure.add_trace(scatter(
        x=floats(x for _, x, _ in record.points), y=floats(y for _, _, y in record.points), mode="markers",
        marker={"size": 4, "color": theme.ink, "opacity": 0.45},
        **of_trials((n for n, _, _ in record.points), value=""),
    ))  # fmt: skip
    for trial, x, y in record.points:
        if trial == record.best:
            marker = {
                "size": 13,
                "symbol": "star",
                "color": theme.vermillion,
                "line": {"color": theme.paper, "width": 1.5},
            }
            figure.add_trace(scatter(x=[x], y=[y], mode="markers", marker=marker, hoverinfo="skip"))
    figure.update_layout(
        xaxis=dimension_axis(record.x, [x for _, x, _ in record.points], theme),
        yaxis={**dimension_axis(record.y, [y for _, _, y in record.points], theme), "automargin": True},
    )
    place_panels(figure, panels=1, columns=1, height=380)
    return figure


def _rounded(surface: tuple[tuple[float | None, ...], ...]) -> list[list[float | None]]:
    return [[None if value is None else float(f"{value:.4g}") for value in row] for row in surface]


def alt(record: Contours) -> str:
    """Where the surface is best."""
    sign = 1 if record.direction == "maximize" else -1
    known = [
        (sign * value, row, column)
        for row, values in enumerate(record.surface)
        for column, value in enumerate(values)
        if value is not None
    ]
    names = f"{label(record.metric)} over {label(record.x.name)} and {label(record.y.name)}"
    if not known:
        return f"The {names}: too few trials to say."
    value, row, column = max(known)
    x = f"{label(record.x.name)} {place_said(record.x, record.columns[column])}"
    y = f"{label(record.y.name)} {place_said(record.y, record.rows[row])}"
    return f"The {names}: best, about {number(sign * value)}, near {x} and {y}."


figure = Figure(compute, draw, alt)
