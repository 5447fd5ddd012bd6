"""How large the gradient was in each layer: in the best trial, and where something was wrong with it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Annotated, Any

from pydantic import Field

from hpsearch.events import Signals
from hpsearch.reports.drawing import Drawing, scatter
from hpsearch.reports.figure import Figure, Missing
from hpsearch.reports.figures.curve_labels import end_label, spread
from hpsearch.reports.focus import evenly
from hpsearch.reports.layout import axis, base, caption, of_trials, place_panels
from hpsearch.reports.theme import Theme
from hpsearch.reports.ticks import whole
from hpsearch.reports.words import counted, label, number
from hpsearch.search.records import StudyRecord, TrialRecord
from hpsearch.training.signs import SIGNS

FLOOR = 1e-12  # what is smaller, nothing at all say, is drawn here


@dataclass(frozen=True, slots=True)
class Layers:
    """One trial: the root mean square gradient of each layer's weights in two epochs, which may be the same one.

    `signs` are the findings about its gradients and units.
    """

    number: int
    epochs: tuple[int, int]
    first: tuple[float, ...]
    last: tuple[float, ...]
    signs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GradientHealth:
    """The best trial and the worst ones; `counts` has each sign with how many of the `measured` trials show it."""

    best: Layers | None
    affected: tuple[Layers, ...]
    others: tuple[Layers, ...]
    counts: tuple[tuple[str, int], ...]
    measured: int


def compute(
    study: StudyRecord,
    *,
    affected: Annotated[int, Field(ge=0, le=7)] = 4,
    others: Annotated[int, Field(ge=0, le=1000)] = 100,
) -> GradientHealth | Missing:
    """The best trial, the `affected` worst ones of all signs in turn, and at most `others` more."""
    measured = {trial.number: layers for trial in study.trials if (layers := _layers(trial)) is not None}
    if not measured:
        return Missing("No trial's gradients were measured.")
    best = None if study.best is None else measured.get(study.best.number)
    worst = _worst(study, measured)[:affected]
    shown = {layers.number for layers in (best, *worst) if layers is not None}
    rest = [layers for number, layers in measured.items() if number not in shown]
    counts = Counter(sign for layers in measured.values() for sign in layers.signs)
    return GradientHealth(
        best,
        tuple(layers for layers in worst if best is None or layers.number != best.number),
        tuple(evenly(rest, others)),
        tuple((sign, counts[sign]) for sign in SIGNS if counts[sign]),
        len(measured),
    )


def _layers(trial: TrialRecord) -> Layers | None:
    norms = {epoch: s["gradient_norm"] for epoch, s in trial.history.signals.items() if s.get("gradient_norm")}
    if not norms:
        return None
    first, last = min(norms), max(norms)
    signs = tuple(finding.name for finding in trial.diagnosis if finding.name in SIGNS)
    return Layers(trial.number, (first, last), tuple(norms[first]), tuple(norms[last]), signs)


def _worst(study: StudyRecord, measured: dict[int, Layers]) -> list[Layers]:
    """All trials with a sign: the worst of each sign, then the second worst of each, and so on."""
    ranked = []
    for sign in SIGNS:
        of_sign = [trial for trial in study.trials if trial.number in measured and sign in measured[trial.number].signs]
        ranked.append(sorted(of_sign, key=lambda trial: (_severity(trial, sign), trial.number)))
    in_turn = [trial.number for turn in zip_longest(*ranked) for trial in turn if trial is not None]
    return [measured[number] for number in dict.fromkeys(in_turn)]


def _severity(trial: TrialRecord, sign: str) -> float:
    """How bad the worst measurement was; the smaller, the worse."""
    return min(_badness(signals, sign) for signals in trial.history.signals.values() if signals.get("gradient_norm"))


def _badness(signals: Signals, sign: str) -> float:
    gradient = signals["gradient_norm"]
    if sign == "vanishing_gradients":
        return gradient[0] / (gradient[-1] or 1.0)
    if sign == "exploding_gradients":
        return -max(gradient)
    return -max(signals.get(sign.removesuffix("_units"), (0.0,)), default=0.0)


def draw(record: GradientHealth, theme: Theme) -> Drawing:
    """Two panels that share the gradient axis: the first measured epoch, and the last one."""
    figure = base(theme, hovermode="closest")
    lines = [*([] if record.best is None else [record.best]), *record.affected]
    low, high = _room(lines, record.others)
    pad = 0.06 * (high - low)
    deepest = max(len(one.first) for one in (*lines, *record.others))
    for which, x, y in (("first", "x", "y"), ("last", "x2", "y2")):
        _faint(figure, record.others, which, theme, x, y)
        _lines(figure, record, lines, which, (low, high), theme, x, y, deepest)
    layers: dict[str, Any] = {
        "range": [1 - 0.04 * deepest, deepest + max(0.5 * (deepest - 1), 0.5)],
        "tickmode": "array",
        "tickvals": whole(deepest, 8),
    }
    scale: dict[str, Any] = {"type": "log", "range": [low - pad, high + pad], "exponentformat": "power"}
    scale["dtick"] = math.ceil((high - low) / 6)  # whole powers of ten
    gradient = axis(theme, "gradient (root mean square)", **scale)
    gradient["tickfont"] = {**gradient["tickfont"], "size": 10}  # plotly.js writes powers a quarter larger
    figure.update_layout(
        xaxis=axis(theme, "layer, in epoch 1", **layers),
        yaxis=gradient,
        xaxis2=axis(theme, "layer, in the last epoch that was measured", **layers),
        yaxis2={**gradient, "matches": "y"},
    )
    place_panels(figure, panels=2, columns=2, height=300, shared=True)
    _caption(figure, record, theme)
    return figure


def _room(lines: Sequence[Layers], others: Sequence[Layers]) -> tuple[float, float]:
    """The lowest and the highest power of ten; a faint line may lie below, for a gradient can be nothing at all."""
    heights = [_height(value) for one in lines for which in ("first", "last") for _, value in _values(one, which)]
    faint = [_height(value) for one in others for which in ("first", "last") for _, value in _values(one, which)]
    shown = [*heights, *(height for height in faint if height > _height(0.0))] or [-1.0]
    return min(shown), max(*shown, min(shown) + 1)


def _height(value: float) -> float:
    return math.log10(max(value, FLOOR))


def _values(layers: Layers, which: str) -> list[tuple[int, float]]:
    values = layers.first if which == "first" else layers.last
    return [(place, value) for place, value in enumerate(values, 1) if math.isfinite(value)]


def _faint(figure: Drawing, others: Sequence[Layers], which: str, theme: Theme, x: str, y: str) -> None:
    """All other trials as one line with gaps."""
    points = [point for one in others for point in (*_values(one, which), (None, None))]
    figure.add_trace(scatter(
        x=[place for place, _ in points], y=[None if value is None else max(value, FLOOR) for _, value in points],
        mode="lines", line={"color": theme.faint, "width": 1}, opacity=0.45, hoverinfo="skip", xaxis=x, yaxis=y,
    ))  # fmt: skip


def _lines(
    figure: Drawing, record: GradientHealth, lines: Sequence[Layers], which: str, room: tuple[float, float],
    theme: Theme, x: str, y: str, deepest: int,
) -> None:  # fmt: skip
    told = [(one, points) for one in lines if (points := _values(one, which))]
    ends = spread([_height(points[-1][1]) for _, points in told], *room, (room[1] - room[0]) / 15)
    colours = dict(zip((one.number for one in lines), theme.series, strict=False))
    for (one, points), end in zip(told, ends, strict=True):
        colour = colours[one.number]
        epoch = one.epochs[which == "last"]
        figure.add_trace(scatter(
            x=[place for place, _ in points], y=[max(value, FLOOR) for _, value in points], xaxis=x, yaxis=y,
            mode="lines+markers", line={"color": colour, "width": 2}, marker={"size": 6},
            **of_trials([one.number] * len(points), f", epoch {epoch}, layer %{{x}}", "gradient %{y:.3~g}"),
        ))  # fmt: skip
        words = [*(["best"] if one is record.best else []), *(sign.split("_")[0] for sign in one.signs)]
        end_label(figure, f"#{one.number}  {', '.join(words)}", deepest, end, colour, x, y)


def _caption(figure: Drawing, record: GradientHealth, theme: Theme) -> None:
    """Say above the first panel what was seen in how many trials. Call it after `place_panels`."""
    trials = counted(record.measured, "trial")
    seen = ", ".join(f"{label(sign)} in {count:,}" for sign, count in record.counts)
    caption(figure, f"Of {trials}: {seen}" if seen else f"Nothing wrong in {trials}", theme)


def alt(record: GradientHealth) -> str:
    """What was seen in how many trials, and the best trial's first and last layer."""
    seen = ", ".join(f"{label(sign)} in {count:,}" for sign, count in record.counts) or "nothing wrong"
    best = record.best
    told = (
        f" In the best trial, {number(best.last[0], 3)} in layer 1, {number(best.last[-1], 3)} in the last."
        if best and best.last
        else ""
    )
    return f"Gradients by layer of {record.measured:,} trials: {seen}.{told}"


figure = Figure(compute, draw, alt)
