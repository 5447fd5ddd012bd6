"""When each trial ran: a bar a trial, in as few rows as there were trials at once."""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass
from typing import Literal

from hpsearch.reports.drawing import Drawing, scatter
from hpsearch.reports.figure import Figure, Missing
from hpsearch.reports.layout import axis, base, place_panels, unit_of_time
from hpsearch.reports.summary import kind
from hpsearch.reports.theme import Theme
from hpsearch.reports.words import duration
from hpsearch.search.records import StudyRecord

Kind = Literal["complete", "pruned", "failed", "running", "waiting"]
KINDS: tuple[Kind, ...] = ("complete", "pruned", "failed", "running", "waiting")


@dataclass(frozen=True, slots=True)
class Bar:
    """One trial: its row, counted from 0, and its start and end in seconds from the study's first start."""

    number: int
    row: int
    start: float
    end: float
    kind: Kind


@dataclass(frozen=True, slots=True)
class Timeline:
    """All bars by start. `rows` is how many trials were under way at the same time at most."""

    bars: tuple[Bar, ...]
    rows: int
    seconds: float


def compute(study: StudyRecord) -> Timeline | Missing:
    """A trial takes the lowest row that is free at its start; one that has not ended lasts until the last event."""
    if not study.trials:
        return Missing("No trial has started yet.")
    first = min(trial.started for trial in study.trials)
    last = max(trial.ended or trial.started for trial in study.trials)
    ordered = sorted(study.trials, key=lambda trial: (trial.started, trial.number))
    free: list[int] = []
    busy: list[tuple[float, int]] = []
    bars = []
    for trial in ordered:
        start = (trial.started - first).total_seconds()
        end = max(start, ((trial.ended or last) - first).total_seconds())
        while busy and busy[0][0] <= start:
            heapq.heappush(free, heapq.heappop(busy)[1])
        row = heapq.heappop(free) if free else len(busy)
        heapq.heappush(busy, (end, row))
        bars.append(Bar(trial.number, row, start, end, kind(trial)))
    return Timeline(tuple(bars), 1 + max(bar.row for bar in bars), (last - first).total_seconds())


def draw(record: Timeline, theme: Theme) -> Drawing:
    """One line with gaps for each state: quick to draw however many trials there are."""
    figure = base(theme, hovermode="closest")
    height = min(460, max(110, 17 * record.rows))
    unit, size = unit_of_time(record.seconds)
    colours = {
        "complete": theme.blue, "pruned": theme.orange, "failed": theme.vermillion, "running": theme.green,
        "waiting": theme.faint,
    }  # fmt: skip
    least = record.seconds / 1200  # a bar is at least about a pixel wide
    counts = Counter(bar.kind for bar in record.bars)
    for name in KINDS:
        bars = [bar for bar in record.bars if bar.kind == name]
        if not bars:
            continue
        x: list[float | None] = []
        y: list[int | None] = []
        numbers: list[int | None] = []
        for bar in bars:
            x += [_short(bar.start / size), _short(max(bar.end, bar.start + least) / size), None]
            y += [bar.row + 1, bar.row + 1, None]
            numbers += [bar.number, bar.number, None]
        figure.add_trace(scatter(
            x=x, y=y, customdata=numbers, mode="lines", meta={"trials": True}, name=f"{name} {counts[name]:,}",
            line={"color": colours[name], "width": max(1.5, round(0.62 * height / record.rows, 1))},
            hovertemplate=f"trial %{{customdata}}, {name}<extra></extra>", showlegend=True,
        ))  # fmt: skip
    figure.update_layout(
        xaxis=axis(theme, f"time since the first trial started ({unit})"),
        yaxis=axis(
            theme, "at the same time", range=[record.rows + 0.7, 0.3], tickformat="d", nticks=min(6, record.rows + 1),
            showgrid=False,
        ),
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom", "font": {"size": 12}},
    )  # fmt: skip
    place_panels(figure, panels=1, columns=1, height=height)
    figure.layout.margin.t += 24
    figure.layout.height += 24
    return figure


def _short(place: float) -> float:
    return float(f"{place:.6g}")


def alt(record: Timeline) -> str:
    """How many trials, over how long, and how many at once."""
    counts = Counter(bar.kind for bar in record.bars)
    told = ", ".join(f"{counts[name]:,} {name}" for name in KINDS if counts[name])
    return f"{len(record.bars):,} trials over {duration(record.seconds)}, at most {record.rows:,} at once: {told}."


figure = Figure(compute, draw, alt)
