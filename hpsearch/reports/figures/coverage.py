"""The layout of the trials over the two most important hyperparameters: how many different values each one got.

Bergstra and Bengio, "Random Search for Hyper-Parameter Optimization", JMLR 2012: of a grid's n² trials only n values
of each hyperparameter are different, of n² random ones all are.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from hpsearch.reports.drawing import Drawing, scatter
from hpsearch.reports.figure import Figure, Missing
from hpsearch.reports.focus import evenly
from hpsearch.reports.layout import base, caption, floats, of_trials, place_panels
from hpsearch.reports.scales import dimension_axis
from hpsearch.reports.theme import Theme
from hpsearch.reports.words import counted, label, plain
from hpsearch.search.importance import most_important_pair
from hpsearch.search.records import Dimension, StudyRecord


@dataclass(frozen=True, slots=True)
class Coverage:
    """Each trial's places (trial, x, y), and how many different values there are of each in all `trials`."""

    x: Dimension
    y: Dimension
    points: tuple[tuple[int, float, float], ...]
    trials: int
    different: tuple[int, int]


def compute(study: StudyRecord, *, most: Annotated[int, Field(ge=1)] = 2000) -> Coverage | Missing:
    """All trials that have both, whatever became of them; at most `most` as points, evenly by number."""
    pair = most_important_pair(study)
    if pair is None:
        return Missing("Fewer than two searched hyperparameters vary.")
    x, y = pair
    points = [
        (trial.number, a, b)
        for trial in study.trials
        if (a := x.place(trial.params)) is not None and (b := y.place(trial.params)) is not None
    ]
    if not points:
        return Missing(f"No trial has both {label(x.name)} and {label(y.name)}.")
    different = len({a for _, a, _ in points}), len({b for _, _, b in points})
    return Coverage(x, y, tuple(evenly(points, most)), len(points), different)


def draw(record: Coverage, theme: Theme) -> Drawing:
    """The places, and beside the axes a stroke for each value that was tried."""
    figure = base(theme, hovermode="closest")
    xs, ys = [x for _, x, _ in record.points], [y for _, _, y in record.points]
    figure.add_trace(scatter(
        x=floats(xs), y=floats(ys), mode="markers", marker={"size": 6, "color": theme.blue, "opacity": 0.55},
        **of_trials((trial for trial, _, _ in record.points), value=""),
    ))  # fmt: skip
    x_axis, y_axis = dimension_axis(record.x, xs, theme), dimension_axis(record.y, ys, theme)
    # The strokes stand on axes of their own, which go from 0 to 1 and are not shown.
    hidden = {"range": [0, 1], "visible": False, "fixedrange": True}
    strokes = {"size": 9, "color": theme.vermillion, "opacity": 0.8, "line": {"width": 1, "color": theme.vermillion}}
    figure.add_trace(scatter(
        x=floats(sorted(set(xs))), y=[0.985] * len(set(xs)), yaxis="y2", mode="markers", hoverinfo="skip",
        marker={**strokes, "symbol": "line-ns"},
    ))  # fmt: skip
    figure.add_trace(scatter(
        x=[0.992] * len(set(ys)), y=floats(sorted(set(ys))), xaxis="x2", mode="markers", hoverinfo="skip",
        marker={**strokes, "symbol": "line-ew"},
    ))  # fmt: skip
    figure.update_layout(xaxis=x_axis, yaxis={**y_axis, "automargin": True})
    place_panels(figure, panels=1, columns=1, height=360)
    figure.update_layout(
        yaxis2={**hidden, "overlaying": "y", "anchor": "x"}, xaxis2={**hidden, "overlaying": "x", "anchor": "y"}
    )
    caption(figure, _counted(record, plain), theme)
    return figure


def _counted(record: Coverage, write: Callable[[str], str] = str) -> str:
    a, b = record.different
    x, y = write(label(record.x.name)), write(label(record.y.name))
    values = "1 value" if a == 1 else f"{a:,} different values"
    return f"{counted(record.trials, 'trial')} with both, {values} of {x} and {b:,} of {y}"


def alt(record: Coverage) -> str:
    """The counts, and what a grid would have had."""
    side = math.isqrt(record.trials)
    return f"{_counted(record)}. A square grid of as many trials has {side:,} of each."


figure = Figure(compute, draw, alt)
