"""One small panel for each searched hyperparameter: the value that each trial reached against it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from hpsearch.declarations import Direction
from hpsearch.reports.drawing import Drawing
from hpsearch.reports.edges import Edge, edges
from hpsearch.reports.figure import Figure, Missing
from hpsearch.reports.focus import Window, evenly, focus, value_range
from hpsearch.reports.layout import axis, axis_names, base, floats, note_outside, of_trials, place_panels
from hpsearch.reports.scales import dimension_axis, options_of
from hpsearch.reports.theme import Theme
from hpsearch.reports.words import label, number, plain
from hpsearch.search.records import Dimension, StudyRecord, TrialRecord

MANY = 2000  # points in all panels together; above, they are drawn by WebGL
MOST_POINTS = 26_000  # in all panels together
GOLDEN = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True, slots=True)
class Slice:
    """One panel. `x` holds values, or for options their places in the list.

    `active` of the study's scored trials have this hyperparameter at all. `pruned` are the points of pruned
    trials, each at its last value.
    """

    dimension: Dimension
    numbers: tuple[int, ...]
    x: tuple[float, ...]
    y: tuple[float, ...]
    active: int
    pruned: tuple[tuple[float, float], ...] = ()

    @property
    def places(self) -> tuple[float, ...]:
        """All places along x."""
        return (*self.x, *(x for x, _ in self.pruned))


@dataclass(frozen=True, slots=True)
class Slices:
    """All panels, in the study's order. `best` is a trial's number, `scored` counts the trials with a value.

    `edges` are the ends of ranges at which the best trials crowd.
    """

    metric: str
    direction: Direction
    panels: tuple[Slice, ...]
    best: int
    scored: int
    window: Window | None
    edges: tuple[Edge, ...] = ()


def compute(study: StudyRecord, *, most: Annotated[int, Field(ge=2)] = 2000) -> Slices | Missing:
    """The panels; of more than `most` scored trials the best third of `most`, and others evenly by number."""
    scored = [trial for trial in study.trials if trial.scored]
    best = study.best
    if best is None or len(scored) < 2:
        return Missing("Fewer than two trials have a final value.")
    searched = [dimension for dimension in study.dimensions if dimension.varies]
    most = min(most, max(200, MOST_POINTS // max(1, len(searched))))
    chosen = _choose(scored, most, study.direction)
    pruned = [(trial, last) for trial in study.trials if (last := trial.stopped_at(study.metric)) is not None][-most:]
    panels = [_panel(dimension, chosen, scored, pruned) for dimension in searched]
    if not any(panel.places for panel in panels):
        return Missing("No searched hyperparameter varies.")
    return Slices(
        study.metric,
        study.direction,
        tuple(panel for panel in panels if panel.places),
        best.number,
        len(scored),
        focus([*(trial.value or 0.0 for trial in scored), *(last for _, last in pruned)], study.direction),
        edges(study),
    )


def _choose(scored: list[TrialRecord], most: int, direction: Direction) -> list[TrialRecord]:
    if len(scored) <= most:
        return scored
    ranked = sorted(scored, key=lambda trial: trial.value or 0.0, reverse=direction == "maximize")
    best = ranked[: max(1, most // 3)]
    taken = {trial.number for trial in best}
    rest = [trial for trial in scored if trial.number not in taken]
    room = most - len(best)
    return sorted(best + evenly(rest, room), key=lambda trial: trial.number)


def _panel(
    dimension: Dimension,
    chosen: list[TrialRecord],
    scored: list[TrialRecord],
    pruned: list[tuple[TrialRecord, float]],
) -> Slice:
    placed = [(trial, x) for trial in chosen if (x := dimension.place(trial.params)) is not None]
    return Slice(
        dimension=dimension,
        numbers=tuple(trial.number for trial, _ in placed),
        x=tuple(x for _, x in placed),
        y=tuple(trial.value or 0.0 for trial, _ in placed),
        active=sum(dimension.name in trial.params for trial in scored),
        pruned=tuple((x, last) for trial, last in pruned if (x := dimension.place(trial.params)) is not None),
    )


def draw(record: Slices, theme: Theme) -> Drawing:
    """Panels in rows of three; the best trial is a star in each."""
    figure = base(theme, hovermode="closest")
    fast = sum(len(panel.places) for panel in record.panels) > MANY
    for index, panel in enumerate(record.panels):
        _draw_panel(figure, record, panel, index, theme, fast)
    place_panels(figure, panels=len(record.panels), columns=3, height=210, shared=True)
    note_outside(figure, record.window, record.direction, theme)
    return figure


def _draw_panel(figure: Drawing, record: Slices, panel: Slice, index: int, theme: Theme, fast: bool) -> None:
    x_name, y_name = axis_names(index)
    where = {"xaxis": x_name.replace("axis", ""), "yaxis": y_name.replace("axis", "")}
    places = [place + _jitter(which) for place, which in zip(panel.x, panel.numbers, strict=True)]
    x = floats(places if panel.dimension.options is not None else panel.x)
    kind = "scattergl" if fast else "scatter"
    if panel.pruned:
        spread = _jitter if panel.dimension.options is not None else lambda which: 0.0
        figure.add_trace(dict(
            type=kind, x=floats(place + spread(which) for which, (place, _) in enumerate(panel.pruned)),
            y=floats(last for _, last in panel.pruned), mode="markers", hoverinfo="skip",
            marker={"size": 5, "symbol": "x", "color": theme.faint, "opacity": 0.5}, **where,
        ))  # fmt: skip
    figure.add_trace(dict(
        type=kind, x=x, y=floats(panel.y), mode="markers",
        marker={"size": 5, "color": theme.blue, "opacity": 0.3 if fast else 0.5},
        **of_trials(panel.numbers), **where,
    ))  # fmt: skip
    if record.best in panel.numbers:
        at = panel.numbers.index(record.best)
        figure.add_trace(dict(
            type=kind, x=[float(x[at])], y=[panel.y[at]], mode="markers", hoverinfo="skip",
            marker={"size": 13, "symbol": "star", "color": theme.vermillion}, **where,
        ))  # fmt: skip
    value_axis = axis(theme, plain(label(record.metric)), nticks=5, tickformat=".4~g")
    value_axis["range"] = value_range(_all_values(record), record.window)
    if index > 0:
        value_axis["matches"] = "y"
    figure.update_layout({x_name: _x_axis(record, panel, theme), y_name: value_axis})
    crowded = {edge.end for edge in record.edges if edge.name == panel.dimension.name}
    for end in {panel.dimension.low, panel.dimension.high} - {None}:
        line = {"color": theme.vermillion, "width": 3} if end in crowded else {"color": theme.faint, "width": 1}
        figure.add_shape(
            type="line", x0=end, x1=end, y0=0, y1=1, xref=where["xaxis"], yref=f"{where['yaxis']} domain",
            line={**line, "dash": "dot"}, layer="below",
        )  # fmt: skip


def _all_values(record: Slices) -> list[float]:
    return [y for panel in record.panels for y in (*panel.y, *(last for _, last in panel.pruned))]


def _jitter(which: int) -> float:
    """A place between -0.3 and 0.3 that is the same each time and spreads neighbours evenly."""
    return (which * GOLDEN % 1.0 - 0.5) * 0.6


def _x_axis(record: Slices, panel: Slice, theme: Theme) -> dict[str, Any]:
    few = f"  ({panel.active:,} of {record.scored:,} trials)" if panel.active < record.scored else ""
    return dimension_axis(panel.dimension, panel.places, theme, few)


def alt(record: Slices) -> str:
    """How many panels there are, and where the best trial stands in each."""
    places = []
    for panel in record.panels:
        if record.best in panel.numbers:
            x = panel.x[panel.numbers.index(record.best)]
            options = options_of(panel.dimension)
            places.append(f"{label(panel.dimension.name)} {options[int(x)] if options else number(x)}")
    return f"{len(record.panels)} panels; the best trial, {record.best}, stands at {', '.join(places) or 'no place'}."


def notes(record: Slices) -> list[str]:
    """A warning for each end of a range at which the best trials crowd."""
    return [edge.sentence for edge in record.edges if edge.wider]


figure = Figure(compute, draw, alt, notes)
