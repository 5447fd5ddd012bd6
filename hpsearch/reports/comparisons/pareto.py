"""What a better value costs: each trial's value against its training time, and against its size where that is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hpsearch.declarations import Direction
from hpsearch.reports.comparison import Comparison
from hpsearch.reports.drawing import Drawing
from hpsearch.reports.figure import Figure, Missing
from hpsearch.reports.focus import evenly, focus, value_range
from hpsearch.reports.layout import axis, axis_names, base, place_panels
from hpsearch.reports.statistics import front
from hpsearch.reports.theme import Theme
from hpsearch.reports.words import label, number, plain
from hpsearch.search.records import TrialRecord

MOST_DOTS = 400  # faint dots of a contestant


@dataclass(frozen=True, slots=True)
class Cloud:
    """All trials of a contestant as (cost, value, what it is called), and its Pareto front by cost."""

    name: str
    points: tuple[tuple[float, float, str], ...]
    front: tuple[tuple[float, float, str], ...]


@dataclass(frozen=True, slots=True)
class Pareto:
    """For each cost that is known, its title and a cloud for each contestant."""

    metric: str
    direction: Direction
    costs: tuple[tuple[str, tuple[Cloud, ...]], ...]


def _parameters(trial: TrialRecord) -> float | None:
    """How many parameters its network has, where the study has counted them."""
    return trial.costs.get("parameters")


COSTS: dict[str, Callable[[TrialRecord], float | None]] = {
    "training time of the trial (seconds)": lambda trial: trial.seconds,
    "parameters": _parameters,
}


def compute(comparison: Comparison) -> Pareto | Missing:
    """The clouds and fronts: a trial is on the front if no cheaper one of its contestant is as good."""
    known = []
    for title, cost in COSTS.items():
        clouds = tuple(
            _cloud(
                one.name,
                comparison.sign,
                [
                    (price, trial.value, f"{repeat.study.name}, trial {trial.number}")
                    for repeat in one.repeats
                    for trial in comparison.counted(repeat)
                    if trial.scored and trial.value is not None and (price := cost(trial)) is not None and price > 0
                ],
            )
            for one in comparison.contestants
        )
        if any(cloud.points for cloud in clouds):
            known.append((title, clouds))
    if not known:
        return Missing("No trial has a value and a known cost yet.")
    return Pareto(comparison.metric, comparison.direction, tuple(known))


def _cloud(name: str, sign: float, points: list[tuple[float, float, str]]) -> Cloud:
    best = front([(price, sign * value) for price, value, _ in points])
    return Cloud(name, tuple(points), tuple(points[place] for place in best))


def draw(record: Pareto, theme: Theme) -> Drawing:
    """A panel for each cost: faint dots, and a step line with marks for the front."""
    figure = base(theme, hovermode="closest")
    values = [value for _, clouds in record.costs for cloud in clouds for _, value, _ in cloud.points]
    value_axis = axis(theme, plain(label(record.metric)), tickformat=".4~g")
    value_axis["range"] = value_range(values, focus(values, record.direction))
    for panel, (title, clouds) in enumerate(record.costs):
        x_name, y_name = axis_names(panel)
        where = {"xaxis": x_name.replace("axis", ""), "yaxis": y_name.replace("axis", "")}
        for cloud, colour in zip(clouds, theme.series, strict=False):
            dots = evenly(cloud.points, MOST_DOTS)
            figure.add_trace({
                "type": "scatter", "mode": "markers", "x": [x for x, _, _ in dots], "y": [y for _, y, _ in dots],
                "marker": {"size": 5, "color": colour, "opacity": 0.25}, "hoverinfo": "skip", **where,
            })  # fmt: skip
            figure.add_trace({
                "type": "scatter", "mode": "lines+markers", "line": {"shape": "hv", "color": colour, "width": 2},
                "x": [x for x, _, _ in cloud.front], "y": [y for _, y, _ in cloud.front],
                "marker": {"size": 8, "color": colour}, "hoverinfo": "text",
                "text": [f"{plain(text)}<br>{number(y)} for {number(x, 3)}" for x, y, text in cloud.front], **where,
            })  # fmt: skip
        figure.update_layout(**{
            x_name: axis(theme, title, type="log", nticks=5),
            y_name: value_axis if panel == 0 else {**value_axis, "matches": "y"},
        })  # fmt: skip
    place_panels(figure, panels=len(record.costs), columns=2, height=300, shared=True)
    return figure


figure = Figure(compute, draw)
