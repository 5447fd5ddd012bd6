"""How many different values of each hyperparameter a search has tried: what random search is for."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import mean

from markupsafe import Markup

from hpsearch.reports.comparison import Comparison
from hpsearch.reports.comparisons.tables import markup_table
from hpsearch.reports.figure import Figure, Missing
from hpsearch.reports.theme import Theme
from hpsearch.reports.words import ABSENT, label, number
from hpsearch.search.groups import Contestant


@dataclass(frozen=True, slots=True)
class Coverage:
    """By hyperparameter and contestant: the mean over the repeats of how many values were tried; None: not searched."""

    names: tuple[str, ...]
    trials: tuple[float, ...]
    rows: tuple[tuple[str, tuple[float | None, ...]], ...]


def compute(comparison: Comparison) -> Coverage | Missing:
    """Counted within each repeat, over the trials that count."""
    searched = dict.fromkeys(
        dimension.name for one in comparison.contestants for dimension in one.repeats[0].study.dimensions
    )
    if not searched:
        return Missing("No contestant searches anything.")
    contestants = comparison.contestants
    return Coverage(
        names=tuple(one.name for one in contestants),
        trials=tuple(mean(len(comparison.counted(repeat)) for repeat in one.repeats) for one in contestants),
        rows=tuple((name, tuple(_tried(comparison, one, name) for one in contestants)) for name in searched),
    )


def _tried(comparison: Comparison, one: Contestant, name: str) -> float | None:
    if all(dimension.name != name for dimension in one.repeats[0].study.dimensions):
        return None
    counts = [
        len({trial.params[name] for trial in comparison.counted(repeat) if name in trial.params})
        for repeat in one.repeats
    ]
    return mean(counts)


def draw(record: Coverage, theme: Theme) -> Markup:
    """A table; its last row is the number of trials, which no count can exceed."""
    rows = [
        [label(name), *(ABSENT if count is None else number(count, 3) for count in counts)]
        for name, counts in record.rows
    ]
    return markup_table(["", *record.names], [*rows, ["trials", *(number(count, 3) for count in record.trials)]])


figure = Figure(compute, draw)
