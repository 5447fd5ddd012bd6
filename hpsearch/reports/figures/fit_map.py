"""The map of over- and underfitting: the training error of each trial against its dev error, in four named regions.

The lecture's recipe reads both errors together: a large training error asks for a larger network or a longer training
(bias), a dev error far above it for more data or regularisation (variance).
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from statistics import median
from typing import Annotated, Literal

from pydantic import Field

from hpsearch.reports.drawing import Drawing, scatter
from hpsearch.reports.figure import Figure, Missing
from hpsearch.reports.focus import evenly
from hpsearch.reports.layout import axis, base, floats, of_trials, place_panels
from hpsearch.reports.theme import Theme
from hpsearch.search.records import StudyRecord, TrialRecord
from hpsearch.training.diagnosis import Scores, last_scores

Region = Literal["good", "overfitting", "underfitting", "both"]
REGIONS: tuple[Region, ...] = ("good", "overfitting", "underfitting", "both")
TITLES = {"good": "good", "overfitting": "overfitting", "underfitting": "underfitting", "both": "both, or diverged"}


@dataclass(frozen=True, slots=True)
class Point:
    """One trial: both errors when they were last measured together, and the region they lie in.

    A trial that diverged has no errors any more (None) and lies in "both".
    """

    number: int
    train: float | None
    dev: float | None
    region: Region


@dataclass(frozen=True, slots=True)
class FitMap:
    """A train error up to `low` is low; a dev error more than `gap` above the train error is far above it.

    `counts` are of all trials that were judged, of which `points` may show a part. `loss` says that errors are
    losses, and not shares of wrong answers; `trivial` is the error of an answer that is always the same.
    """

    points: tuple[Point, ...]
    counts: tuple[tuple[Region, int], ...]
    low: float
    gap: float
    trivial: float
    loss: bool
    best: int | None


def compute(study: StudyRecord, *, most: Annotated[int, Field(ge=10)] = 2000) -> FitMap | Missing:
    """Each trial that ended, by region; at most `most` of them as points, evenly by number."""
    ended = [trial for trial in study.trials if trial.finished]
    told = [(trial, scores) for trial in ended if (scores := _scores(trial)) is not None]
    if not told:
        return Missing("No trial has ended yet whose train and dev scores were measured.")
    loss = sum(scores.numbers for _, scores in told) * 2 > len(told)
    alike = {trial.number: scores for trial, scores in told if scores.numbers == loss}
    low, gap = (median(getattr(scores, name) for scores in alike.values()) for name in ("low", "gap"))
    points = [_point(trial, alike.get(trial.number), low, gap) for trial in ended]
    known = [point for point in points if point is not None]
    counts = Counter(point.region for point in known)
    best = None if study.best is None else study.best.number
    shown = evenly(known, most)
    shown += [point for point in known if point.number == best and point not in shown]
    return FitMap(
        points=tuple(shown),
        counts=tuple((region, counts[region]) for region in REGIONS),
        low=low,
        gap=gap,
        trivial=median(scores.trivial for scores in alike.values()),
        loss=loss,
        best=best,
    )


def _scores(trial: TrialRecord) -> Scores | None:
    scores = None if _diverged(trial) else last_scores(trial.history)
    return scores if scores is not None and math.isfinite(scores.train) and math.isfinite(scores.dev) else None


def _diverged(trial: TrialRecord) -> bool:
    return trial.failure == "diverged" or any(finding.name == "diverged" for finding in trial.diagnosis)


def _point(trial: TrialRecord, scores: Scores | None, low: float, gap: float) -> Point | None:
    if _diverged(trial):
        return Point(trial.number, None, None, "both")
    if scores is None:
        return None
    return Point(trial.number, scores.train, scores.dev, region(scores.train, scores.dev, low, gap))


def region(train: float, dev: float, low: float, gap: float) -> Region:
    """The name of a place on the map."""
    if train <= low:
        return "overfitting" if dev - train >= gap else "good"
    return "both" if dev - train >= gap else "underfitting"


def draw(record: FitMap, theme: Theme) -> Drawing:
    """Training error to the right, dev error upwards; diverged trials stand at the top right corner."""
    figure = base(theme, hovermode="closest")
    finite = [error for point in record.points for error in (point.train, point.dev) if error is not None]
    top = 1.08 * max([*finite, record.low + 2 * record.gap, record.trivial])
    colours = {"good": theme.green, "overfitting": theme.vermillion, "underfitting": theme.blue, "both": theme.purple}
    for name in REGIONS:
        chosen = [point for point in record.points if point.region == name]
        x = [0.975 * top if point.train is None else point.train for point in chosen]
        y = [0.975 * top if point.dev is None else point.dev for point in chosen]
        symbols = ["x" if point.train is None else "circle" for point in chosen]
        figure.add_trace(scatter(
            x=floats(x), y=floats(y), mode="markers", **of_trials(
                [point.number for point in chosen], f", {TITLES[name]}", "train error %{x:.4~g}, dev error %{y:.4~g}"
            ),
            marker={
                "size": 7, "color": colours[name], "opacity": 0.6, "symbol": symbols if "x" in symbols else "circle",
            },
        ))  # fmt: skip
    _star(figure, record, theme)
    _borders(figure, record, top, colours, theme)
    what = "loss" if record.loss else "error (share of wrong answers)"
    figure.update_layout(
        xaxis=axis(theme, f"training {what}", range=[-0.02 * top, top], tickformat=".3~g"),
        yaxis=axis(theme, f"dev {what}", range=[-0.02 * top, top], tickformat=".3~g"),
    )
    place_panels(figure, panels=1, columns=1, height=380)
    return figure


def _star(figure: Drawing, record: FitMap, theme: Theme) -> None:
    for point in record.points:
        if point.number == record.best and point.train is not None:
            figure.add_trace(scatter(
                x=[point.train], y=[point.dev], mode="markers", hoverinfo="skip",
                marker={"size": 13, "symbol": "star", "color": theme.ink},
            ))  # fmt: skip


def _borders(figure: Drawing, record: FitMap, top: float, colours: dict[str, str], theme: Theme) -> None:
    """Lines between the regions, and in each its name with how many trials lie there."""
    line = {"color": theme.muted, "width": 1, "dash": "dash"}
    figure.add_shape(type="line", x0=record.low, x1=record.low, y0=0, y1=1, yref="y domain", line=line, layer="below")
    figure.add_shape(type="line", x0=0, y0=record.gap, x1=top - record.gap, y1=top, line=line, layer="below")
    counts = dict(record.counts)
    # Where few trials stand: points lie about the diagonal, diverged ones in the upper right corner.
    corners = {
        "good": (max(0.3, record.low / top), 0.0, "right", "bottom"), "overfitting": (0.0, 1.0, "left", "top"),
        "underfitting": (1.0, 0.0, "right", "bottom"), "both": (1.0, 1.0, "right", "bottom"),
    }  # fmt: skip
    for name, (x, y, xanchor, yanchor) in corners.items():
        figure.add_annotation(
            x=x, y=y, xref="x domain", yref="y domain", xanchor=xanchor, yanchor=yanchor, showarrow=False,
            # Off the axes, and off the grid's line at 0.
            xshift=7 if xanchor == "left" else -4, yshift=14 if y == 0 else 0,
            text=f"{TITLES[name]}: {counts[name]:,}",  # type: ignore[index]
            font={"size": 13, "color": colours[name]},
        )  # fmt: skip
    figure.layout.margin.t += 22  # "both" stands above its corner, where the diverged trials are


def alt(record: FitMap) -> str:
    """How many trials lie where."""
    told = ", ".join(f"{count:,} {TITLES[name]}" for name, count in record.counts)
    return f"Training error against dev error: {told}."


figure = Figure(compute, draw, alt)
