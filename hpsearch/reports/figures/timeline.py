"""Which worker trained which trial and when, a bar a trial, and below it how full each worker's stacks were."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from hpsearch.reports.drawing import Drawing, scatter
from hpsearch.reports.figure import Figure, Missing
from hpsearch.reports.figures import stack_fill
from hpsearch.reports.figures.stack_fill import LEAST_LABEL, StackFill, short
from hpsearch.reports.layout import axis, axis_names, base, place_panels, unit_of_time
from hpsearch.reports.summary import kind
from hpsearch.reports.theme import Theme
from hpsearch.reports.words import counted, duration
from hpsearch.search.placement import stays
from hpsearch.search.records import StudyRecord, TrialRecord

Kind = Literal["complete", "pruned", "failed", "running", "waiting"]
KINDS: tuple[Kind, ...] = ("complete", "pruned", "failed", "running", "waiting")


@dataclass(frozen=True, slots=True)
class Bar:
    """One trial's time with one worker, None where no worker is recorded.

    Its row is counted from 0 over all workers; start and end are seconds from the study's first start.
    """

    number: int
    row: int
    start: float
    end: float
    kind: Kind
    worker: int | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of one worker: as many, from `first` on, as it had trials at once."""

    worker: int | None
    first: int
    rows: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """All bars by group and start. `rows` is the number of all rows.

    Where it is not recorded who trained any of the trials, there is one group, and no `fill`.
    """

    bars: tuple[Bar, ...]
    rows: int
    seconds: float
    groups: tuple[Group, ...]
    fill: StackFill | None = None


def compute(study: StudyRecord) -> Timeline | Missing:
    """A trial takes its worker's lowest row that is free; one that has not ended lasts until the last event.

    It is with its first worker from its start on, with the next one from its last epoch with the one before.
    """
    if not study.trials:
        return Missing("No trial has started yet.")
    first = min(trial.started for trial in study.trials)
    last = max(trial.ended or trial.started for trial in study.trials)
    seconds = (last - first).total_seconds()
    spans: dict[int | None, list[Bar]] = {}
    for trial in sorted(study.trials, key=lambda trial: (trial.started, trial.number)):
        for span in _spans(trial, first, seconds):
            spans.setdefault(span.worker, []).append(span)
    bars: list[Bar] = []
    groups: list[Group] = []
    for worker in sorted(spans, key=lambda worker: (worker is None, worker)):
        above = sum(group.rows for group in groups)
        placed, rows = _rows(spans[worker], above)
        bars += placed
        groups.append(Group(worker, above, rows))
    recorded = groups[0].worker is not None
    fill = stack_fill.compute(study, first.timestamp(), seconds) if recorded and seconds > 0 else None
    return Timeline(tuple(bars), sum(group.rows for group in groups), seconds, tuple(groups), fill)


def _spans(trial: TrialRecord, first: datetime, seconds: float) -> Iterator[Bar]:
    """A bar for each stay with a worker, as yet all in row 0."""
    start = (trial.started - first).total_seconds()
    end = max(start, seconds if trial.ended is None else (trial.ended - first).total_seconds())
    found = stays(trial.history)
    for stay in found[:-1]:
        left = min(end, max(start, trial.history.times[stay.last - 1] - first.timestamp()))
        yield Bar(trial.number, 0, start, left, kind(trial), stay.worker)
        start = left
    yield Bar(trial.number, 0, start, end, kind(trial), found[-1].worker if found else None)


def _rows(bars: Sequence[Bar], above: int) -> tuple[list[Bar], int]:
    """The bars of a group in the rows below `above` others, and in how many."""
    free: list[int] = []
    busy: list[tuple[float, int]] = []
    placed: list[Bar] = []
    for bar in sorted(bars, key=lambda bar: (bar.start, bar.number)):
        while busy and busy[0][0] <= bar.start:
            heapq.heappush(free, heapq.heappop(busy)[1])
        row = heapq.heappop(free) if free else len(busy)
        heapq.heappush(busy, (bar.end, row))
        placed.append(replace(bar, row=above + row))
    return placed, 1 + max(bar.row for bar in placed) - above


def draw(record: Timeline, theme: Theme) -> Drawing:
    """One line with gaps for each state: quick to draw however many trials there are."""
    figure = base(theme, hovermode="closest")
    lines = record.rows + len(record.groups) - 1
    height = min(460, max(110, 17 * lines))
    unit, size = unit_of_time(record.seconds)
    _bars(figure, record, size, max(1.5, round(0.62 * height / lines, 1)), theme)
    figure.update_layout(
        yaxis=axis(theme, range=[lines + 0.7, 0.3], showgrid=False, **_names(record, height / lines)),
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom", "font": {"size": 12}},
    )
    if record.fill is not None:
        stack_fill.draw(figure, record.fill, record.seconds / size, height, theme)
        figure.layout.margin = {**figure.layout.margin, "l": 84}
    panels = 1 if record.fill is None else 2
    for panel in range(panels):
        title = f"time since the first trial started ({unit})" if panel == panels - 1 else ""
        figure.update_layout({axis_names(panel)[0]: axis(theme, title, **({"matches": "x"} if panel else {}))})
    place_panels(figure, panels=panels, columns=1, height=height)
    figure.layout.margin.t += 24
    figure.layout.height += 24
    return figure


def _bars(figure: Drawing, record: Timeline, size: float, width: float, theme: Theme) -> None:
    colours = {
        "complete": theme.blue, "pruned": theme.orange, "failed": theme.vermillion, "running": theme.green,
        "waiting": theme.faint,
    }  # fmt: skip
    least = record.seconds / 1200  # a bar is at least about a pixel wide
    gaps = {group.worker: place for place, group in enumerate(record.groups)}
    for name, count in _counts(record).items():
        x: list[float | None] = []
        y: list[int | None] = []
        numbers: list[int | None] = []
        for bar in [bar for bar in record.bars if bar.kind == name]:
            line = bar.row + 1 + gaps[bar.worker]
            x += [short(bar.start / size), short(max(bar.end, bar.start + least) / size), None]
            y += [line, line, None]
            numbers += [bar.number, bar.number, None]
        figure.add_trace(scatter(
            x=x, y=y, customdata=numbers, mode="lines", meta={"trials": True}, name=f"{name} {count:,}",
            line={"color": colours[name], "width": width},
            hovertemplate=f"trial %{{customdata}}, {name}<extra></extra>", showlegend=True,
        ))  # fmt: skip


def _names(record: Timeline, pixels: float) -> dict[str, Any]:
    """The workers beside the middle of their rows, of `pixels` each; where none is known, how many rows there are."""
    if record.groups[0].worker is None:
        return {"title": "at the same time", "tickformat": "d", "nticks": min(6, record.rows + 1)}
    places: list[float] = []
    names: list[str] = []
    for gap, group in enumerate(record.groups):
        middle = group.first + gap + (group.rows + 1) / 2
        if not places or (middle - places[-1]) * pixels >= LEAST_LABEL:
            places.append(middle)
            names.append("no worker" if group.worker is None else f"worker {group.worker}")
    return {"tickmode": "array", "tickvals": places, "ticktext": names}


def _counts(record: Timeline) -> dict[Kind, int]:
    """How many trials there are of each kind that there is."""
    kinds = Counter({bar.number: bar.kind for bar in record.bars}.values())
    return {name: kinds[name] for name in KINDS if kinds[name]}


def alt(record: Timeline) -> str:
    """How many trials, over how long, by whom or how many at once, and the mean fill of each worker's stacks."""
    counts = _counts(record)
    told = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    workers = sum(group.worker is not None for group in record.groups)
    by = f"on {counted(workers, 'worker')}" if workers else f"at most {record.rows:,} at once"
    more = "" if record.fill is None else f" {stack_fill.said(record.fill)}"
    return f"{sum(counts.values()):,} trials over {duration(record.seconds)}, {by}: {told}.{more}"


def notes(record: Timeline) -> list[str]:
    """Where it is not known who trained: that rows mean something else then."""
    if record.groups[0].worker is not None:
        return []
    return [
        "Of no trial here it is recorded which worker trained it, so the rows are as few as there were trials at once."
    ]


figure = Figure(compute, draw, alt, notes)
