"""The best value so far, over trials and over time, with every trial that gave a value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import plotly.graph_objects as go

from hpsearch.declarations import Direction
from hpsearch.events import Scalar
from hpsearch.reports.figure import Figure, Missing
from hpsearch.reports.focus import Window, focus, value_range
from hpsearch.reports.layout import axis, base, note_outside, place_panels
from hpsearch.reports.theme import Theme
from hpsearch.reports.words import label, number, params_lines, plain
from hpsearch.search.records import StudyRecord, TrialRecord

MANY = 2000  # above this, points are drawn by WebGL, and their hover text is the number and the value only


@dataclass(frozen=True, slots=True)
class Mark:
    """One trial: number, seconds from the study's first start to its end, value, hyperparameters."""

    number: int
    seconds: float
    value: float
    params: Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class BestSoFar:
    """`by_number` and `by_time` are the trials that were the best so far when they came, in that order.

    A pruned mark has the metric's last value before the trial was stopped.
    """

    metric: str
    direction: Direction
    scored: tuple[Mark, ...]
    pruned: tuple[Mark, ...]
    by_number: tuple[Mark, ...]
    by_time: tuple[Mark, ...]
    window: Window | None


def compute(study: StudyRecord) -> BestSoFar | Missing:
    """The marks and the two records of improvement."""
    start = min((trial.started for trial in study.trials), default=study.created)
    scored = [_mark(trial, trial.value, start) for trial in study.trials if trial.scored]
    if not scored:
        return Missing("No trial has finished with a value yet.")
    pruned = [
        _mark(trial, last, start) for trial in study.trials if (last := trial.stopped_at(study.metric)) is not None
    ]
    scored.sort(key=lambda mark: mark.number)
    return BestSoFar(
        metric=study.metric,
        direction=study.direction,
        scored=tuple(scored),
        pruned=tuple(pruned),
        by_number=_improvements(study, scored),
        by_time=_improvements(study, sorted(scored, key=lambda mark: (mark.seconds, mark.number))),
        window=focus([m.value for m in scored], study.direction, [m.value for m in pruned]),
    )


def _mark(trial: TrialRecord, value: float | None, start: datetime) -> Mark:
    ended = trial.ended or trial.started
    seconds = (ended - start).total_seconds()
    return Mark(trial.number, seconds, float("nan") if value is None else value, trial.params)


def _improvements(study: StudyRecord, marks: Iterable[Mark]) -> tuple[Mark, ...]:
    best: list[Mark] = []
    for mark in marks:
        if not best or study.better(mark.value, best[-1].value):
            best.append(mark)
    return tuple(best)


def draw(record: BestSoFar, theme: Theme) -> go.Figure:
    """Two panels that share the value axis: over trial numbers, and over time since the first start."""
    figure = base(theme)
    marks = (*record.scored, *record.pruned)
    unit, size = _unit(max(mark.seconds for mark in marks))
    _panel(figure, record, theme, 1, [float(m.number) for m in record.scored],
           [float(m.number) for m in record.pruned], [float(m.number) for m in record.by_number],
           record.by_number)  # fmt: skip
    _panel(figure, record, theme, 2, [m.seconds / size for m in record.scored],
           [m.seconds / size for m in record.pruned], [m.seconds / size for m in record.by_time],
           record.by_time)  # fmt: skip
    value_axis = axis(theme, plain(label(record.metric)), tickformat=".4~g")
    value_axis["range"] = value_range([mark.value for mark in marks], record.window)
    figure.update_layout(
        xaxis=axis(theme, "trial number", tickformat=",d", range=_room(*(m.number for m in marks), 5)),
        yaxis=value_axis,
        xaxis2=axis(
            theme,
            f"time since the first trial started ({unit})",
            range=_room(*(m.seconds / size for m in marks)),
        ),
        yaxis2={**value_axis, "matches": "y"},
        hovermode="closest",
    )
    place_panels(figure, panels=2, columns=2, height=300, shared=True)
    note_outside(figure, record.window, record.direction, theme)
    return figure


def _panel(
    figure: go.Figure, record: BestSoFar, theme: Theme, panel: int,
    scored_x: list[float], pruned_x: list[float], best_x: list[float], best: Sequence[Mark],
) -> None:  # fmt: skip
    where = {"xaxis": f"x{panel}", "yaxis": f"y{panel}"}
    end = max(scored_x + pruned_x)
    many = len(record.scored) + len(record.pruned) > MANY
    trace = go.Scattergl if many else go.Scatter
    faint: dict[str, Any] = {"size": 5, "color": theme.faint, "symbol": "x", "opacity": 0.7}
    dots = {"size": 6, "color": theme.blue, "opacity": 0.25 if many else 0.55}
    figure.add_trace(trace(
        x=_floats(pruned_x), y=_floats([m.value for m in record.pruned]), mode="markers", marker=faint,
        **_hover(record.pruned, record.metric, "pruned"), **where,
    ))  # fmt: skip
    figure.add_trace(trace(
        x=_floats(scored_x), y=_floats([m.value for m in record.scored]), mode="markers", marker=dots,
        **_hover(record.scored, record.metric, "complete"), **where,
    ))  # fmt: skip
    figure.add_trace(trace(
        x=[*best_x, end], y=[mark.value for mark in (*best, best[-1])], mode="lines",
        line={"shape": "hv", "color": theme.vermillion, "width": 2.5}, hoverinfo="skip", **where,
    ))  # fmt: skip
    figure.add_trace(trace(
        x=[best_x[-1]], y=[best[-1].value], mode="markers",
        marker={"size": 13, "symbol": "star", "color": theme.vermillion},
        **_hover(best[-1:], record.metric, "the best"), **where,
    ))  # fmt: skip


def _hover(marks: Sequence[Mark], metric: str, state: str) -> dict[str, Any]:
    if len(marks) > MANY:
        return {
            "customdata": np.array([mark.number for mark in marks], dtype=np.int32),
            "hovertemplate": f"trial %{{customdata}}, {state}<br>%{{y:.4~g}}<extra></extra>",
        }
    name = plain(label(metric))
    return {
        "text": [
            f"trial {mark.number}, {state}<br>{name}: {number(mark.value)}<br>{params_lines(mark.params)}"
            for mark in marks
        ],
        "hoverinfo": "text",
    }


def _room(*places: float) -> list[float]:
    """From zero to the last place, with room for whole points at both ends."""
    last = max(max(places), 1e-3)
    return [-0.02 * last, 1.04 * last]


def _floats(values: list[float]) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.array(values, dtype=np.float32)


def _unit(seconds: float) -> tuple[str, float]:
    """A unit in which this many seconds is a number between 2 and a few hundred, and its seconds."""
    for unit, size, below in (("seconds", 1.0, 180.0), ("minutes", 60.0, 180.0), ("hours", 3600.0, 72.0)):
        if seconds / size < below:
            return unit, size
    return "days", 86400.0


figure = Figure(compute, draw)
