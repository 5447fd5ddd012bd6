"""The seconds of training until a target was reached, by the share of the searches that have reached it."""

from __future__ import annotations

from dataclasses import dataclass

from hpsearch.reports.comparison import Comparison
from hpsearch.reports.drawing import Drawing
from hpsearch.reports.figure import Figure, Missing
from hpsearch.reports.layout import axis, base, place_panels
from hpsearch.reports.statistics import reached_share
from hpsearch.reports.theme import Theme
from hpsearch.reports.words import label, number, plain
from hpsearch.search.groups import Repeat


@dataclass(frozen=True, slots=True)
class Reaching:
    """One contestant: steps (seconds, share that has reached the target by then), and the end of the longest repeat.

    `median` is when half of the repeats have reached it, None where they never do.
    """

    name: str
    repeats: int
    reached: int
    steps: tuple[tuple[float, float], ...]
    end: float
    median: float | None


@dataclass(frozen=True, slots=True)
class Target:
    """All contestants, and the target."""

    metric: str
    target: float
    lines: tuple[Reaching, ...]


def compute(comparison: Comparison) -> Target | Missing:
    """Kaplan and Meier's estimate: a search that ended before the target was only watched for so long."""
    if comparison.target is None:
        return Missing("No target was given: hpsearch compare … --target VALUE shows how soon each comes there.")
    lines = []
    for one in comparison.contestants:
        times = [_seconds(comparison, repeat) for repeat in one.repeats]
        watched = [comparison.seconds(r) if t is None else t for t, r in zip(times, one.repeats, strict=True)]
        steps = reached_share(watched, [time is not None for time in times])
        lines.append(
            Reaching(
                name=one.name,
                repeats=len(one.repeats),
                reached=sum(time is not None for time in times),
                steps=tuple(steps),
                end=max(map(comparison.seconds, one.repeats)),
                median=next((time for time, share in steps if share >= 0.5), None),
            )
        )
    return Target(comparison.metric, comparison.target, tuple(lines))


def _seconds(comparison: Comparison, repeat: Repeat) -> float | None:
    return next((at for at, value in comparison.by_seconds(repeat) if comparison.reaches(value)), None)


def draw(record: Target, theme: Theme) -> Drawing:
    """A step line for each contestant."""
    figure = base(theme, hovermode="closest")
    for line, colour in zip(record.lines, theme.series, strict=False):
        x, y = [0.0, *(time for time, _ in line.steps)], [0.0, *(share for _, share in line.steps)]
        half = "half of them never" if line.median is None else f"half of them by {number(line.median, 3)} s"
        said = f"{plain(line.name)}: {line.reached} of {line.repeats} reached it<br>{half}"
        figure.add_trace({
            "type": "scatter", "x": [*x, line.end], "y": [*y, y[-1]], "mode": "lines+markers",
            "line": {"shape": "hv", "color": colour, "width": 2.5}, "marker": {"size": 5, "color": colour},
            "text": [said] * (len(x) + 1), "hoverinfo": "text",
        })  # fmt: skip
    end = max(line.end for line in record.lines) or 1.0
    title = plain(f"reached {label(record.metric)} {number(record.target)}")
    figure.update_layout(
        xaxis=axis(theme, "training time of all trials (seconds)", range=[-0.02 * end, 1.04 * end]),
        yaxis=axis(theme, title, range=[-0.03, 1.03], tickformat=".0%"),
    )
    place_panels(figure, panels=1, columns=1, height=300)
    return figure


figure = Figure(compute, draw)
