"""Which hyperparameters mattered for reaching the best tenth of the values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import plotly.graph_objects as go

from hpsearch.reports.figure import Figure, Missing
from hpsearch.reports.layout import axis, base
from hpsearch.reports.theme import Theme
from hpsearch.reports.words import label, plain, shorten
from hpsearch.search.importance import importances
from hpsearch.search.records import StudyRecord, TrialRecord

FEWEST = 10  # the best tenth of fewer trials is not even one whole trial


@dataclass(frozen=True, slots=True)
class Importances:
    """Shares that sum to 1, from the largest down, out of `scored` trials and `pruned` ones at their last value."""

    shares: tuple[tuple[str, float], ...]
    scored: int
    pruned: int = 0


def compute(study: StudyRecord) -> Importances | Missing:
    """PED-ANOVA over the scored trials; where they are too few, over the pruned ones too, at their last value."""
    scored = sum(trial.scored for trial in study.trials)
    judged = study if scored >= FEWEST else replace(study, trials=tuple(_at_last(study, t) for t in study.trials))
    count = sum(trial.scored for trial in judged.trials)
    if count < FEWEST:
        have = "1 trial has" if count == 1 else f"{count} trials have"
        return Missing(f"{have} a value; importances need at least {FEWEST}.")
    shares = importances(judged)
    if not shares:
        return Missing("All values are equal, or nothing varies: no hyperparameter can be told apart.")
    return Importances(tuple(shares.items()), scored, count - scored)


def _at_last(study: StudyRecord, trial: TrialRecord) -> TrialRecord:
    """A pruned trial as if it had ended with the value that it was stopped at; any other as it is."""
    last = trial.stopped_at(study.metric)
    return trial if last is None else replace(trial, state="COMPLETE", value=last)


def _out_of(record: Importances) -> str:
    complete = f"{record.scored} complete trial{'' if record.scored == 1 else 's'}"
    if not record.pruned:
        return f"share of the importance, out of {complete}"
    return f"share of the importance, out of {complete} and {record.pruned} pruned, at their last value"


def draw(record: Importances, theme: Theme) -> go.Figure:
    """Horizontal bars, the largest on top."""
    figure = base(theme)
    names = [plain(shorten(label(name), 28)) for name, _ in record.shares]
    shares = [share for _, share in record.shares]
    figure.add_trace(go.Bar(
        x=shares, y=list(range(len(names))), orientation="h",
        marker={"color": theme.blue, "line": {"width": 0}}, width=0.66,
        text=[f"{share:.0%}" if share >= 0.01 or share == 0 else "< 1%" for share in shares],
        textposition="outside", textfont={"color": theme.ink, "size": 12}, cliponaxis=False,
        hovertext=[f"{name}: {share:.1%}" for name, share in zip(names, shares, strict=True)],
        hoverinfo="text",
    ))  # fmt: skip
    ticks: dict[str, Any] = {"tickmode": "array", "tickvals": list(range(len(names))), "ticktext": names}
    figure.update_layout(
        xaxis=axis(theme, _out_of(record), range=[0, 1.15 * shares[0]], tickformat=".0%"),
        yaxis=axis(theme, autorange="reversed", automargin=True, showgrid=False, **ticks),
        height=90 + 28 * len(names),
        bargap=0.3,
    )
    return figure


figure = Figure(compute, draw)
