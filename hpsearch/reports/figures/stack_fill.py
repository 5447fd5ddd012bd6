"""How full the stacks of each worker were over time: a lane a worker, under the timeline's bars."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from hpsearch.reports.drawing import Drawing, scatter
from hpsearch.reports.layout import axis
from hpsearch.reports.theme import Theme
from hpsearch.reports.words import number
from hpsearch.search.placement import stays
from hpsearch.search.records import StudyRecord

MOST_BINS = 300  # of time, for each worker; of many workers all bins together are so many times 16
PAUSE = 3.0  # epochs that would have had room in it: a gap as long is a pause, a shorter one the time between two
PITCH = 1.3  # of lanes, whose height is 1
MOST_SAID = 16  # workers whose means are all said in words
LEAST_LABEL, LEAST_MEAN = 15, 32  # pixels that a lane needs for its name, and for its mean too

Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, slots=True)
class Fill:
    """How many trials a worker trained together: the mean of all, and that of each bin, None where it trained nothing.

    In both, an epoch of a stack counts once; one that reaches over several bins counts in each by its part there.
    """

    worker: int
    mean: float
    bins: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class StackFill:
    """The workers by number; `most` is how many trials a stack could have had."""

    workers: tuple[Fill, ...]
    most: int


def compute(study: StudyRecord, first: float, seconds: float) -> StackFill:
    """From the trials that have ended, over the `seconds` after `first`, in Unix seconds."""
    worker, end, stack, length = _epochs(study)
    order = np.lexsort((end, worker))
    worker, end, stack, length = (column[order] for column in (worker, end, stack, length))
    # The trials of a stack end an epoch at the very same time.
    new = np.ones(len(end), dtype=bool)
    new[1:] = (worker[1:] != worker[:-1]) | (end[1:] != end[:-1])
    begins = np.flatnonzero(new)
    length = np.maximum.reduceat(length, begins) if len(begins) else length
    worker, end, stack = worker[begins], end[begins] - first, stack[begins]
    numbers = [int(one) for one in np.unique(worker)]
    count = max(1, min(MOST_BINS, 16 * MOST_BINS // max(1, len(numbers))))
    edges = np.linspace(0.0, seconds, count + 1)
    own = {one: worker == one for one in numbers}
    fills = [_fill(one, end[mine], stack[mine], length[mine], edges) for one, mine in own.items()]
    return StackFill(tuple(fills), _most(study, len(numbers), int(stack.max(initial=1))))


def _epochs(study: StudyRecord) -> tuple[Floats, Floats, Floats, Floats]:
    """For each epoch of each trial: its worker, its end in Unix seconds, its stack, and about how long that took."""

    def told() -> Iterator[tuple[float, float, float, float]]:
        for trial in study.trials:
            share = (trial.seconds or 0.0) / max(1, trial.history.epochs)
            for stay in stays(trial.history):
                ends = trial.history.times[stay.first - 1 : stay.last]
                for end, stack in zip(ends, stay.stacks, strict=False):
                    yield stay.worker, end, stack, stack * share

    columns = np.array(list(told()), dtype=np.float64).reshape(-1, 4).T
    return columns[0], columns[1], columns[2], columns[3]


def _fill(worker: int, end: Floats, stack: Floats, length: Floats, edges: Floats) -> Fill:
    """One worker's, from its stacks' epochs in the order of their ends."""
    before = np.concatenate(([-np.inf], end[:-1]))
    start = np.where(end - before <= PAUSE * length, before, np.maximum(before, end - length))
    knots = np.column_stack((np.clip(start, 0.0, end), end)).ravel()
    # By the start and by the end of each: how many epochs of stacks are done, and of trials.
    stacks = np.interp(edges, knots, np.repeat(np.arange(len(end) + 1.0), 2)[1:-1])
    trials = np.interp(edges, knots, np.repeat(np.concatenate(([0.0], np.cumsum(stack))), 2)[1:-1])
    passed, trained = np.diff(stacks), np.diff(trials)
    means = [round(float(t / p), 3) if p > 1e-9 else None for t, p in zip(trained, passed, strict=True)]
    return Fill(worker, float(stack.mean()), tuple(means))


def _most(study: StudyRecord, workers: int, seen: int) -> int:
    """What one worker's part of the slots allows, or the study file; where it was measured, no more than that.

    Where a study has had more workers at one time than at another, the part is that of the fewest that is known.
    """
    effort = study.effort or {}
    fewest = max(1, min(workers, effort.get("workers") or workers))
    room = study.stack or -(-study.slots // fewest)
    sizes = [int(size) for size, _ in effort.get("kinds") or ()]
    return max(seen, min(room, max(sizes, default=room)))


def draw(figure: Drawing, record: StackFill, length: float, height: int, theme: Theme) -> None:
    """Add the lanes on the axes x2 and y2, in a panel of `height` pixels; the time axis goes from 0 to `length`."""
    lanes = len(record.workers)
    bases = [PITCH * (lanes - 1 - place) for place in range(lanes)]
    for height_of_line, line in ((0.0, {"color": theme.grid}), (1.0, {"color": theme.faint, "dash": "dot"})):
        figure.add_trace(scatter(
            x=[0.0, short(length), None] * lanes, xaxis="x2", yaxis="y2", mode="lines", showlegend=False,
            y=[y for base in bases for y in (base + height_of_line, base + height_of_line, None)],
            line={"width": 1, **line}, hoverinfo="skip",
        ))  # fmt: skip
    for base, fill in zip(bases, record.workers, strict=True):
        x, y, sizes = _outline(fill, length / len(fill.bins))
        figure.add_trace(scatter(
            x=x, y=[None if size is None else short(base + size / record.most) for size in y], customdata=sizes,
            xaxis="x2", yaxis="y2", mode="lines", line={"width": 0, "color": theme.sky}, fill="toself",
            fillcolor=theme.sky, showlegend=False, hoveron="points",
            hovertemplate=f"worker {fill.worker}<br>%{{customdata}} trials together<extra></extra>",
        ))  # fmt: skip
    figure.update_layout(
        yaxis2=axis(
            theme, range=[-0.08, PITCH * (lanes - 1) + 1.08], showgrid=False,
            **_names(record.workers, bases, height / max(1, lanes)),
        ),
    )  # fmt: skip
    figure.add_annotation(
        text=f"trials in a stack, at most {record.most:,}", xref="x2 domain", yref="y2 domain",
        x=0, xanchor="left", y=1, yanchor="bottom", yshift=3, showarrow=False,
        font={"size": 12, "color": theme.muted},
    )  # fmt: skip


def _outline(fill: Fill, width: float) -> tuple[list[float | None], list[float | None], list[float | None]]:
    """The steps of a lane as areas with gaps: the corners' places, their heights in trials, what is said of each."""
    corners: list[tuple[float | None, float | None, float | None]] = []
    before, place = None, 0
    for size, run in groupby(None if size is None else short(size, 3) for size in (*fill.bins, None)):
        x = short(place * width)
        if before is not None or size is not None:
            corners += [(x, before or 0.0, before or size), (x, size or 0.0, size or before)]
        if before is not None and size is None:
            corners.append((None, None, None))
        before, place = size, place + len(list(run))
    x_of, y_of, said_of = ([corner[part] for corner in corners] for part in range(3))
    return x_of, y_of, said_of


def short(place: float, digits: int = 6) -> float:
    """A number that takes few characters on the page."""
    return float(f"{place:.{digits}g}")


def _names(workers: Sequence[Fill], bases: Sequence[float], pixels: float) -> dict[str, Any]:
    """The lanes' names beside them, as many as there is room for."""
    every = max(1, -(-LEAST_LABEL // max(1, int(pixels))))
    named = list(zip(workers, bases, strict=True))[::every]
    mean = [f"<br>mean {number(fill.mean, 2)}" if pixels >= LEAST_MEAN else "" for fill, _ in named]
    return {
        "tickmode": "array", "tickvals": [base + 0.5 for _, base in named],
        "ticktext": [f"worker {fill.worker}{more}" for (fill, _), more in zip(named, mean, strict=True)],
    }  # fmt: skip


def said(record: StackFill) -> str:
    """The mean of each worker, in a sentence; of very many the least and the most."""
    told = record.workers
    if len(told) > MOST_SAID:
        told = (min(told, key=lambda fill: fill.mean), max(told, key=lambda fill: fill.mean))
    means = [f"{number(fill.mean, 2)} by worker {fill.worker}" for fill in told]
    joined = ", ".join(means) if told is record.workers else f"from {' to '.join(means)}"
    return f"Trials trained together on average: {joined}, of at most {record.most:,}."
