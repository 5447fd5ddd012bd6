"""Which hyperparameters mattered for reaching the best tenth of the values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from hpsearch.reports.drawing import Drawing
from hpsearch.reports.figure import Figure, Missing
from hpsearch.reports.layout import axis, base
from hpsearch.reports.theme import Theme
from hpsearch.reports.words import counted, label, plain, shorten
from hpsearch.search.importance import FEWEST, importances, intervals, judged_by
from hpsearch.search.records import StudyRecord


@dataclass(frozen=True, slots=True)
class Importances:
    """Shares that sum to 1, from the largest down, out of `scored` trials and `pruned` ones at their last value.

    `ranges` says for each where nine tenths of the bootstrap's shares lie; empty without a bootstrap.
    """

    shares: tuple[tuple[str, float], ...]
    scored: int
    pruned: int = 0
    ranges: tuple[tuple[float, float], ...] = ()


def compute(study: StudyRecord, *, resamples: Annotated[int, Field(ge=0, le=2000)] = 100) -> Importances | Missing:
    """PED-ANOVA over the scored trials; where they are too few, over the pruned ones too, at their last value."""
    judged, scored = judged_by(study)
    count = sum(trial.scored for trial in judged.trials)
    if count < FEWEST:
        have = "has" if count == 1 else "have"
        return Missing(f"{counted(count, 'trial')} {have} a value; importances need at least {FEWEST}.")
    shares = importances(judged)
    if not shares:
        return Missing("All values are equal, or nothing varies: no hyperparameter can be told apart.")
    ranges = intervals(judged, resamples) if resamples else {}
    return Importances(
        tuple(shares.items()), scored, count - scored, tuple(ranges[name] for name in shares if name in ranges)
    )


def _out_of(record: Importances) -> str:
    complete = counted(record.scored, "complete trial")
    if not record.pruned:
        return f"share of the importance, out of {complete}; pruned trials are not in"
    return f"share of the importance, out of {complete} and {record.pruned:,} pruned, at their last value"


def draw(record: Importances, theme: Theme) -> Drawing:
    """Horizontal bars, the largest on top; thin lines are the bootstrap's intervals."""
    figure = base(theme)
    names = [plain(shorten(label(name), 28)) for name, _ in record.shares]
    shares = [share for _, share in record.shares]
    ends = [high for _, high in record.ranges] or shares
    places = list(range(len(names)))
    figure.add_trace({
        "type": "bar", "x": shares, "y": places, "orientation": "h", "width": 0.66,
        "marker": {"color": theme.blue, "line": {"width": 0}}, "hoverinfo": "text",
        "hovertext": [f"{name}: {_said(record, place)}" for place, name in enumerate(names)],
    })  # fmt: skip
    if record.ranges:
        figure.add_trace({
            "type": "scatter", "mode": "markers", "x": shares, "y": places, "hoverinfo": "skip",
            "marker": {"size": 1, "color": theme.ink},
            "error_x": {
                "type": "data", "symmetric": False, "color": theme.ink, "thickness": 1, "width": 4,
                "array": [max(0.0, high - s) for (_, high), s in zip(record.ranges, shares, strict=True)],
                "arrayminus": [max(0.0, s - low) for (low, _), s in zip(record.ranges, shares, strict=True)],
            },
        })  # fmt: skip
    for place, (share, end) in enumerate(zip(shares, ends, strict=True)):
        figure.add_annotation(
            x=max(share, end), y=place, xanchor="left", xshift=7, showarrow=False, text=_percent(share),
            font={"size": 12, "color": theme.ink},
        )  # fmt: skip
    ticks: dict[str, Any] = {"tickmode": "array", "tickvals": places, "ticktext": names}
    figure.update_layout(
        xaxis=axis(theme, _out_of(record), range=[0, 1.15 * max(*ends, *shares)], tickformat=".0%"),
        yaxis=axis(theme, range=[len(names) - 0.5, -0.5], automargin=True, showgrid=False, **ticks),
        height=90 + 28 * len(names),
        bargap=0.3,
    )
    return figure


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.01 or share == 0 else "< 1%"


def _said(record: Importances, place: int) -> str:
    share = f"{record.shares[place][1]:.1%}"
    if not record.ranges:
        return share
    low, high = record.ranges[place]
    return f"{share}, nine tenths of the bootstrap between {low:.0%} and {high:.0%}"


def alt(record: Importances) -> str:
    """The three largest shares."""
    told = ", ".join(f"{label(name)} {_said(record, place)}" for place, (name, _) in enumerate(record.shares[:3]))
    return f"Importances, {_out_of(record)}: {told}."


figure = Figure(compute, draw, alt)
