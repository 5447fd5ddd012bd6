"""The best value so far of each contestant: the mean over its seeds with a 95% band, over trials and over seconds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hpsearch.declarations import Direction
from hpsearch.reports.comparison import Comparison, at
from hpsearch.reports.drawing import Drawing
from hpsearch.reports.figure import Figure, Missing
from hpsearch.reports.figures.curve_labels import end_label, spread
from hpsearch.reports.focus import focus, value_range
from hpsearch.reports.layout import axis, base, place_panels
from hpsearch.reports.statistics import mean_band
from hpsearch.reports.theme import Theme
from hpsearch.reports.words import label, number, plain, shorten
from hpsearch.search.groups import Contestant, Repeat

MOST_POINTS = 300
Steps = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Line:
    """A step line: from each of `places` on, the mean and the ends of its band."""

    places: tuple[float, ...]
    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """A line for each contestant, None where not every repeat has a value; begun where all repeats have one."""

    metric: str
    direction: Direction
    names: tuple[str, ...]
    repeats: tuple[int, ...]
    over_trials: tuple[Line | None, ...]
    over_seconds: tuple[Line | None, ...]


def compute(comparison: Comparison) -> Progress | Missing:
    """The lines. A repeat that has ended keeps its best value until the last one has."""
    contestants = comparison.contestants
    trials = tuple(_line(one, comparison.by_trial, lambda r: float(len(comparison.counted(r)))) for one in contestants)
    seconds = tuple(_line(one, comparison.by_seconds, comparison.seconds) for one in contestants)
    if not any(trials):
        return Missing("No contestant has a value in each of its repeats yet.")
    return Progress(
        metric=comparison.metric,
        direction=comparison.direction,
        names=tuple(one.name for one in contestants),
        repeats=tuple(len(one.repeats) for one in contestants),
        over_trials=trials,
        over_seconds=seconds,
    )


def _line(one: Contestant, steps: Callable[[Repeat], Steps], end: Callable[[Repeat], float]) -> Line | None:
    lines = [steps(repeat) for repeat in one.repeats]
    if not all(lines):
        return None
    begin = max(line[0][0] for line in lines)
    changes = sorted({begin, *(place for line in lines for place, _ in line if place > begin)})
    if len(changes) > MOST_POINTS:
        changes = [changes[round(place)] for place in np.linspace(0, len(changes) - 1, MOST_POINTS)]
    places = np.array([*changes, max(changes[-1], *(end(repeat) for repeat in one.repeats))])
    table = np.array([at(line, places) for line in lines])
    low, high = mean_band(table)
    return Line(*(tuple(row.tolist()) for row in (places, table.mean(axis=0), low, high)))


def draw(record: Progress, theme: Theme) -> Drawing:
    """Two panels that share the value axis."""
    figure = base(theme, hovermode="closest")
    everything: list[float] = []
    for panel, lines in (("", record.over_trials), ("2", record.over_seconds)):
        for place, line in enumerate(lines):
            if line is not None:
                _draw(figure, line, record, place, theme.series[place], {"xaxis": f"x{panel}", "yaxis": f"y{panel}"})
                everything += [*line.low, *line.high]
    lines_end = [line.mean[-1] for line in record.over_trials if line is not None]
    window = focus(everything, record.direction, lines_end)
    values = axis(theme, plain(label(record.metric)), tickformat=".4~g")
    values["range"] = value_range(everything, window)
    for panel, lines in (("", record.over_trials), ("2", record.over_seconds)):
        _name_lines(figure, record, lines, values["range"], theme, panel)
    figure.update_layout(
        xaxis=axis(theme, "trials begun", tickformat=",d", range=_room(record.over_trials)),
        yaxis=values,
        xaxis2=axis(theme, "training time of all trials (seconds)", range=_room(record.over_seconds)),
        yaxis2={**values, "matches": "y"},
    )
    place_panels(figure, panels=2, columns=2, height=320, shared=True)
    return figure


def _draw(figure: Drawing, line: Line, record: Progress, place: int, colour: str, where: dict[str, Any]) -> None:
    if record.repeats[place] > 1:
        x, low = _stairs(line.places, line.low)
        _, high = _stairs(line.places, line.high)
        figure.add_trace({
            "type": "scatter", "x": [*x, *reversed(x)], "y": [*low, *reversed(high)], "mode": "lines", "fill": "toself",
            "line": {"color": colour, "width": 0}, "opacity": 0.4, "hoverinfo": "skip", **where,
        })  # fmt: skip
    name = plain(record.names[place])
    figure.add_trace({
        "type": "scatter", "x": list(line.places), "y": list(line.mean), "mode": "lines",
        "line": {"shape": "hv", "color": colour, "width": 2.5}, "hoverinfo": "text",
        "text": [
            f"{name}, mean of {record.repeats[place]}<br>{number(mean)} ({number(low)} to {number(high)})"
            for mean, low, high in zip(line.mean, line.low, line.high, strict=True)
        ],
        **where,
    })  # fmt: skip


def _name_lines(
    figure: Drawing, record: Progress, lines: Sequence[Line | None], values: Sequence[float], theme: Theme, panel: str
) -> None:
    """Write each contestant's name and last mean where its line ends."""
    there = [(place, line) for place, line in enumerate(lines) if line is not None]
    low, high = values
    gap = (high - low) / 14
    heights = spread([line.mean[-1] for _, line in there], low + gap / 2, high - gap / 2, gap)
    for (place, line), height in zip(there, heights, strict=True):
        said = f"{plain(shorten(record.names[place], 16))}  {number(line.mean[-1], 3)}"
        end_label(figure, said, _last(lines), height, theme.series[place], f"x{panel}", f"y{panel}")


def _stairs(places: Sequence[float], values: Sequence[float]) -> tuple[list[float], list[float]]:
    """The corners of a step line."""
    x = [place for place in places for _ in range(2)][1:]
    return x, [value for value in values for _ in range(2)][:-1]


def _room(lines: Sequence[Line | None]) -> list[float]:
    """Of the axis of effort: two fifths more than there is, for the names at the lines' ends."""
    last = _last(lines)
    return [-0.02 * last, 1.4 * last]


def _last(lines: Sequence[Line | None]) -> float:
    return max((line.places[-1] for line in lines if line is not None), default=1.0)


figure = Figure(compute, draw)
