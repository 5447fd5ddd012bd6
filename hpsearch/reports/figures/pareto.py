"""What one objective costs in another: all trials, and the front of those that no other one beats in everything."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hpsearch.declarations import Direction
from hpsearch.events import Scalar
from hpsearch.reports.drawing import Drawing
from hpsearch.reports.figure import Figure, Missing
from hpsearch.reports.focus import Window, focus, value_range
from hpsearch.reports.layout import axis, axis_names, base, note_outside, place_panels
from hpsearch.reports.theme import Theme
from hpsearch.reports.words import label, number, params_lines, plain
from hpsearch.search.records import StudyRecord

MANY = 2000  # above this, points are drawn by WebGL, and their hover text is the number and the values only
DECADES = 1.5  # an axis whose values span more powers of ten is logarithmic


@dataclass(frozen=True, slots=True)
class Mark:
    """One trial: its number, its value of each objective in the record's order, and its hyperparameters."""

    number: int
    values: tuple[float, ...]
    params: Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class Pareto:
    """`objectives` are (metric, direction), the one by which trials are ranked first. `front` is best first."""

    objectives: tuple[tuple[str, Direction], ...]
    front: tuple[Mark, ...]
    others: tuple[Mark, ...]
    window: Window | None


def compute(study: StudyRecord) -> Pareto | Missing:
    """The scored trials with a finite value of every objective."""
    if not study.objectives:
        return Missing("This study has one objective, so there is nothing to weigh it against.")
    objectives = tuple(sorted(study.objectives, key=lambda one: one[0] != study.metric))
    front = [trial.number for trial in study.front]
    marks = {
        trial.number: Mark(trial.number, tuple(trial.objectives[metric] for metric, _ in objectives), trial.params)
        for trial in study.trials
        if trial.scored and all(math.isfinite(value) for value in trial.objectives.values())
    }
    if not marks:
        return Missing("No trial has finished with a value of every objective yet.")
    return Pareto(
        objectives,
        tuple(marks[which] for which in front if which in marks),
        tuple(mark for which, mark in marks.items() if which not in set(front)),
        focus([mark.values[0] for mark in marks.values()], study.direction),
    )


def draw(record: Pareto, theme: Theme) -> Drawing:
    """A panel for each objective but the first, which is the value axis of all."""
    figure = base(theme, hovermode="closest")
    marks = (*record.front, *record.others)
    for place in range(1, len(record.objectives)):
        _panel(figure, record, theme, place)
        x_name, y_name = axis_names(place - 1)
        value_axis = axis(theme, plain(label(record.objectives[0][0])), tickformat=".4~g")
        value_axis["range"] = value_range([mark.values[0] for mark in marks], record.window)
        if place > 1:
            value_axis["matches"] = "y"
        across = _across(label(record.objectives[place][0]), [mark.values[place] for mark in marks], theme)
        figure.update_layout({x_name: across, y_name: value_axis})
    place_panels(figure, len(record.objectives) - 1, min(2, len(record.objectives) - 1), height=320, shared=True)
    note_outside(figure, record.window, record.objectives[0][1], theme)
    return figure


def _panel(figure: Drawing, record: Pareto, theme: Theme, place: int) -> None:
    x_name, y_name = (name.replace("axis", "") for name in axis_names(place - 1))
    many = len(record.front) + len(record.others) > MANY
    cheaper = record.objectives[place][1] == "minimize"
    # With two objectives the front is a line, along which one is paid for in the other.
    line = {
        "mode": "lines+markers",
        "line": {"color": theme.vermillion, "width": 1.5, "shape": "hv" if cheaper else "vh"},
    }
    looks: list[tuple[Sequence[Mark], str, dict[str, Any]]] = [
        (record.others, "beaten", {"mode": "markers", "marker": {"size": 6, "color": theme.blue, "opacity": 0.4}}),
        (
            sorted(record.front, key=lambda mark: (mark.values[place], mark.values[0])),
            "on the front",
            {
                **(line if len(record.objectives) == 2 else {"mode": "markers"}),
                "marker": {"size": 9, "color": theme.vermillion},
            },
        ),
        (
            record.front[:1],
            "the best",
            {"mode": "markers", "marker": {"size": 14, "symbol": "star", "color": theme.vermillion}},
        ),
    ]
    for marks, state, look in looks:
        figure.add_trace({
            "type": "scattergl" if many else "scatter",
            "x": [mark.values[place] for mark in marks], "y": [mark.values[0] for mark in marks],
            "text": [_hover(mark, state, record, many) for mark in marks], "hoverinfo": "text",
            "xaxis": x_name, "yaxis": y_name, **look,
        })  # fmt: skip


def _hover(mark: Mark, state: str, record: Pareto, many: bool) -> str:
    values = [f"{plain(label(m))}: {number(v)}" for (m, _), v in zip(record.objectives, mark.values, strict=True)]
    lines = [f"trial {mark.number}, {state}", *values]
    return "<br>".join(lines if many else [*lines, params_lines(mark.params)])


def _across(title: str, values: Sequence[float], theme: Theme) -> dict[str, Any]:
    low, high = min(values), max(values)
    if low > 0 and math.log10(high / low) > DECADES:
        ends = value_range([math.log10(low), math.log10(high)], None)
        between = "D2" if high / low < 1e4 else 1  # ticks at 1, 2 and 5, or at powers of ten
        return axis(theme, plain(title), type="log", range=ends, tickformat="~s", dtick=between)
    return axis(theme, plain(title), range=value_range(values, None), tickformat=".4~s" if high >= 1000 else ".4~g")


def alt(record: Pareto) -> str:
    """How many trials are on the front, and its two ends."""
    names = " and ".join(label(metric) for metric, _ in record.objectives)
    ends = record.front[:1] + record.front[1:][-1:]
    told = "; ".join(f"trial {mark.number}: {', '.join(number(value) for value in mark.values)}" for mark in ends)
    count = len(record.front) + len(record.others)
    return f"Of {count:,} trials, {len(record.front):,} on the front of {names}{f' ({told})' if told else ''}."


figure = Figure(compute, draw, alt)
