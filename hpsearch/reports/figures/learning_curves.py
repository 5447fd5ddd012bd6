"""The metric epoch by epoch for the best trials, and how the best one's train and dev loss compare."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from hpsearch.declarations import Direction
from hpsearch.reports.drawing import Drawing, scatter
from hpsearch.reports.figure import Figure, Missing
from hpsearch.reports.figures.curve_labels import end_label, spread
from hpsearch.reports.focus import evenly, focus
from hpsearch.reports.layout import axis, base, of_trials, place_panels
from hpsearch.reports.theme import Theme
from hpsearch.reports.ticks import whole
from hpsearch.reports.words import label, number, plain
from hpsearch.search.records import StudyRecord, TrialRecord

LONGEST = 200  # points drawn of one curve


@dataclass(frozen=True, slots=True)
class Curve:
    """One line: epochs, counted from 1, and a value for each."""

    number: int
    epochs: tuple[int, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class LearningCurves:
    """`best` from the best trial down, `others` and `pruned` by number; `losses`: the best one's train and dev loss."""

    metric: str
    direction: Direction
    best: tuple[Curve, ...]
    others: tuple[Curve, ...]
    pruned: tuple[Curve, ...]
    left_out: int
    losses: tuple[Curve, Curve] | None


def compute(
    study: StudyRecord,
    *,
    best: Annotated[int, Field(ge=1, le=8)] = 6,
    others: Annotated[int, Field(ge=0, le=1000)] = 200,
) -> LearningCurves | Missing:
    """Curves of the `best` best trials, and of at most `others` more and `others` pruned, evenly chosen by number."""
    told = [trial for trial in study.trials if trial.history.metrics.get(study.metric)]
    ranked = [trial for trial in study.ranked if trial.history.metrics.get(study.metric)]
    if not ranked:
        return Missing("No finished trial has told its values epoch by epoch.")
    shown = {trial.number for trial in ranked[:best]}
    rest = [trial for trial in told if trial.number not in shown and trial.state != "PRUNED"]
    stopped = [trial for trial in told if trial.state == "PRUNED"]
    kept, stops = evenly(rest, others), evenly(stopped, others)
    return LearningCurves(
        metric=study.metric,
        direction=study.direction,
        best=tuple(_curve(trial, study.metric) for trial in ranked[:best]),
        others=tuple(_curve(trial, study.metric) for trial in kept),
        pruned=tuple(_curve(trial, study.metric) for trial in stops),
        left_out=len(rest) + len(stopped) - len(kept) - len(stops),
        losses=_losses(ranked[0]),
    )


def _curve(trial: TrialRecord, metric: str) -> Curve:
    values = trial.history.metrics[metric]
    stride = -(-len(values) // LONGEST)
    chosen = sorted({*range(0, len(values), stride), len(values) - 1})
    finite = [index for index in chosen if math.isfinite(values[index])]
    return Curve(
        trial.number,
        tuple(index + 1 for index in finite),
        tuple(values[index] for index in finite),
    )


def _losses(trial: TrialRecord) -> tuple[Curve, Curve] | None:
    if not all(trial.history.metrics.get(name) for name in ("train_loss", "dev_loss")):
        return None
    return _curve(trial, "train_loss"), _curve(trial, "dev_loss")


def draw(record: LearningCurves, theme: Theme) -> Drawing:
    """The metric's panel and, where there are losses, a second one."""
    figure = base(theme)
    low, high = _range(record)
    last = max(curve.epochs[-1] for curve in record.best if curve.epochs)
    _faint(figure, record.others, theme, theme.faint)
    _faint(figure, record.pruned, theme, theme.orange)
    _stops(figure, record.pruned, theme)
    ends = [min(max(curve.values[-1], low), high) for curve in record.best]
    heights = spread(ends, low, high, gap=(high - low) / 17)
    name = plain(label(record.metric))
    for curve, height, colour in reversed(list(zip(record.best, heights, theme.series, strict=False))):
        _line(figure, curve, colour, "x", "y")
        end_label(figure, f"#{curve.number}  {number(curve.values[-1])}", last, height, colour, "x", "y")
    figure.update_layout(
        xaxis=axis(theme, "epoch", range=_epochs(last), **_epoch_ticks(last)),
        yaxis=axis(theme, name, range=[low, high], tickformat=".4~g"),
    )
    if record.losses:
        _loss_panel(figure, record.losses, theme)
    place_panels(figure, panels=2 if record.losses else 1, columns=2, height=320)
    return figure


def _range(record: LearningCurves) -> tuple[float, float]:
    """The value axis: what the best curves need, without their first steps where those flatten the rest."""
    values = [value for curve in record.best for value in curve.values if math.isfinite(value)] or [0.0]
    window = focus(values, record.direction)
    low, high = (window.low, window.high) if window else (min(values), max(values))
    pad = 0.04 * (high - low) or 0.01 * abs(high) or 0.01
    return low - pad, high + pad


def _epochs(last: int) -> list[float]:
    """The epoch axis: a third more than the epochs, for the labels at the lines' ends."""
    return [1 - 0.02 * last, last + max(0.36 * (last - 1), 0.4)]


def _epoch_ticks(last: int) -> dict[str, Any]:
    return {"tickmode": "array", "tickvals": whole(last, 5)}


def _faint(figure: Drawing, curves: Sequence[Curve], theme: Theme, colour: str) -> None:
    """Many curves as one line with gaps: one trace is as fast to draw as the points it has."""
    x: list[int | None] = []
    y: list[float | None] = []
    numbers: list[int | None] = []
    for curve in curves:
        x += [*curve.epochs, None]
        y += [*curve.values, None]
        numbers += [curve.number] * (len(curve.epochs) + 1)
    figure.add_trace(scatter(
        x=x, y=y, customdata=numbers, mode="lines", line={"color": colour, "width": 1}, opacity=0.45,
        hovertemplate="trial %{customdata}, epoch %{x}<br>%{y:.4~g}<extra></extra>", meta={"trials": True},
    ))  # fmt: skip


def _stops(figure: Drawing, curves: Sequence[Curve], theme: Theme) -> None:
    """Where pruned curves end."""
    ended = [curve for curve in curves if curve.epochs]
    figure.add_trace(scatter(
        x=[curve.epochs[-1] for curve in ended], y=[curve.values[-1] for curve in ended], mode="markers",
        marker={"size": 5, "symbol": "x", "color": theme.orange, "opacity": 0.8}, hoverinfo="skip",
    ))  # fmt: skip


def _line(figure: Drawing, curve: Curve, colour: str, x: str, y: str) -> None:
    figure.add_trace(scatter(
        x=list(curve.epochs), y=list(curve.values), xaxis=x, yaxis=y,
        mode="lines" if len(curve.epochs) > 1 else "markers", line={"color": colour, "width": 2},
        **of_trials([curve.number] * len(curve.epochs), ", epoch %{x}"),
    ))  # fmt: skip


def _loss_panel(figure: Drawing, losses: tuple[Curve, Curve], theme: Theme) -> None:
    values = [value for curve in losses for value in curve.values]
    low, high = min(values, default=0.0), max(values, default=1.0)
    pad = 0.04 * (high - low) or 0.01
    last = max((curve.epochs[-1] for curve in losses if curve.epochs), default=1)
    heights = spread([curve.values[-1] for curve in losses if curve.values], low, high, (high - low) / 17)
    names, colours = ("train loss", "dev loss"), (theme.orange, theme.blue)
    for curve, height, name, colour in zip(losses, heights, names, colours, strict=False):
        _line(figure, curve, colour, "x2", "y2")
        end_label(figure, f"{name}  {number(curve.values[-1], 3)}", last, height, colour, "x2", "y2")
    figure.update_layout(
        xaxis2=axis(
            theme,
            f"epoch of the best trial, #{losses[0].number}",
            range=_epochs(last),
            **_epoch_ticks(last),
        ),
        yaxis2=axis(theme, "loss", range=[low - pad, high + pad], tickformat=".4~g"),
    )


def alt(record: LearningCurves) -> str:
    """From where to where the best curves went."""
    told = [
        f"trial {curve.number} from {number(curve.values[0])} to {number(curve.values[-1])} in epoch {curve.epochs[-1]}"
        for curve in record.best[:3]
        if curve.epochs
    ]
    return f"The {label(record.metric)} by epoch: {'; '.join(told)}; {len(record.pruned):,} pruned curves beside them."


figure = Figure(compute, draw, alt)
