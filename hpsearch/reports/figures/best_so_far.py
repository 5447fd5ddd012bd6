"""The best value so far, over trials, over time and over epochs trained, with every trial that gave a value."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from hpsearch.declarations import Direction
from hpsearch.reports.drawing import Drawing
from hpsearch.reports.figure import Figure, Missing
from hpsearch.reports.focus import Window, focus, value_range
from hpsearch.reports.layout import axis, base, floats, note_outside, of_trials, offer_views, place_panels, unit_of_time
from hpsearch.reports.theme import Theme
from hpsearch.reports.words import label, number, plain
from hpsearch.search.records import StudyRecord, TrialRecord

FEW = 6  # of what is counted, which would get ticks between whole numbers
MANY = 2000  # above this, points are drawn by WebGL


@dataclass(frozen=True, slots=True)
class Mark:
    """One trial: number, value, and when it ended.

    `seconds` are counted from the study's first start, `epochs` are those that all trials had trained by then which
    had ended.
    """

    number: int
    seconds: float
    epochs: int
    value: float


@dataclass(frozen=True, slots=True)
class BestSoFar:
    """`by_number` and `by_time` are the trials that were the best so far when they came, in that order.

    A pruned mark has the metric's last value before the trial was stopped.
    """

    metric: str
    direction: Direction
    scored: tuple[Mark, ...]
    pruned: tuple[Mark, ...]
    by_number: tuple[Mark, ...]
    by_time: tuple[Mark, ...]
    window: Window | None


def compute(study: StudyRecord) -> BestSoFar | Missing:
    """The marks and the two records of improvement."""
    if not any(trial.scored for trial in study.trials):
        return Missing("No trial has finished with a value yet.")
    mark = _marker(study)
    scored = [mark(trial, trial.value or 0.0) for trial in study.trials if trial.scored]
    pruned = [mark(trial, last) for trial in study.trials if (last := trial.stopped_at(study.metric)) is not None]
    scored.sort(key=lambda mark: mark.number)
    return BestSoFar(
        metric=study.metric,
        direction=study.direction,
        scored=tuple(scored),
        pruned=tuple(pruned),
        by_number=_improvements(study, scored),
        by_time=_improvements(study, sorted(scored, key=lambda mark: (mark.seconds, mark.number))),
        window=focus([m.value for m in scored], study.direction, [m.value for m in pruned]),
    )


def _marker(study: StudyRecord) -> Callable[[TrialRecord, float], Mark]:
    """What makes a trial and its value a mark of this study."""
    start = min(trial.started for trial in study.trials)
    ended = sorted((trial.ended, trial.history.epochs) for trial in study.trials if trial.ended is not None)
    ends = [end for end, _ in ended]
    epochs = [0, *accumulate(epochs for _, epochs in ended)]

    def mark(trial: TrialRecord, value: float) -> Mark:
        end = trial.ended or trial.started
        return Mark(trial.number, (end - start).total_seconds(), epochs[bisect_right(ends, end)], value)

    return mark


def _improvements(study: StudyRecord, marks: Iterable[Mark]) -> tuple[Mark, ...]:
    best: list[Mark] = []
    for mark in marks:
        if not best or study.better(mark.value, best[-1].value):
            best.append(mark)
    return tuple(best)


def draw(record: BestSoFar, theme: Theme) -> Drawing:
    """One panel; the reader chooses what it goes over."""
    figure = base(theme)
    marks = (*record.scored, *record.pruned)
    unit, size = unit_of_time(max(mark.seconds for mark in marks))
    overs: list[tuple[str, str, Sequence[Mark], Callable[[Mark], float]]] = [
        ("Over trials", "trial number", record.by_number, lambda mark: mark.number),
        ("Over time", f"time since the first trial started ({unit})", record.by_time, lambda mark: mark.seconds / size),
        ("Over epochs trained", "epochs that all trials have trained", record.by_time, lambda mark: mark.epochs),
    ]
    value_axis = axis(theme, plain(label(record.metric)), tickformat=".4~g")
    value_axis["range"] = value_range([mark.value for mark in marks], record.window)
    figure.update_layout(xaxis=axis(theme), yaxis=value_axis, hovermode="closest")
    _traces(figure, record, theme)
    views = []
    for name, title, best, place in overs:
        counts = "time" not in name
        room = _room(*map(place, marks), 1 if counts else 0)
        ticks = {"tickformat": ",d" if counts else "", "dtick": 1 if counts and room[1] < FEW else None}
        layout: dict[str, Any] = {"xaxis": {"title": {"text": title}, "range": room, **ticks}}
        views.append((name, _places(record, best, place), layout))
    place_panels(figure, panels=1, columns=1, height=300)
    offer_views(figure, views)
    note_outside(figure, record.window, record.direction, theme)
    return figure


def _traces(figure: Drawing, record: BestSoFar, theme: Theme) -> None:
    """Pruned trials, finished ones, the line and its last point; where they stand along x is a view's to say."""
    many = len(record.scored) + len(record.pruned) > MANY
    kind = "scattergl" if many else "scatter"
    faint: dict[str, Any] = {"size": 5, "color": theme.faint, "symbol": "x", "opacity": 0.7}
    dots = {"size": 6, "color": theme.blue, "opacity": 0.25 if many else 0.55}
    for marks, state, marker in ((record.pruned, "pruned", faint), (record.scored, "complete", dots)):
        figure.add_trace({
            "type": kind, "y": floats(mark.value for mark in marks), "mode": "markers", "marker": marker,
            **of_trials((mark.number for mark in marks), f", {state}"),
        })  # fmt: skip
    figure.add_trace({
        "type": kind, "mode": "lines", "line": {"shape": "hv", "color": theme.vermillion, "width": 2.5},
        "hoverinfo": "skip",
    })  # fmt: skip
    figure.add_trace({
        "type": kind, "mode": "markers", "marker": {"size": 13, "symbol": "star", "color": theme.vermillion},
        **of_trials([record.by_number[-1].number], ", the best"),
    })  # fmt: skip


def _places(record: BestSoFar, best: Sequence[Mark], place: Callable[[Mark], float]) -> list[dict[str, Any]]:
    end = max(place(mark) for mark in (*record.scored, *record.pruned))
    return [
        {"x": floats(map(place, record.pruned))},
        {"x": floats(map(place, record.scored))},
        {"x": [*map(place, best), end], "y": [mark.value for mark in (*best, best[-1])]},
        {"x": [place(best[-1])], "y": [best[-1].value]},
    ]


def _room(*places: float) -> list[float]:
    """From zero to the last place, with room for whole points at both ends."""
    last = max(*places, 1e-3)
    return [-0.02 * last, 1.04 * last]


def alt(record: BestSoFar) -> str:
    """The steps of the record line in words."""
    steps = record.by_number[-4:]
    told = ", ".join(f"{number(mark.value)} in trial {mark.number}" for mark in steps)
    earlier = len(record.by_number) - len(steps)
    return (
        f"The best {label(record.metric)} so far over {len(record.scored):,} finished and {len(record.pruned):,} "
        f"pruned trials: {f'after {earlier} earlier improvements ' if earlier else ''}{told}."
    )


figure = Figure(compute, draw, alt)
