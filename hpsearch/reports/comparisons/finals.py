"""The best value of every repeat, the mean of each contestant, and the 95% interval of that mean."""

from __future__ import annotations

from dataclasses import dataclass

from hpsearch.reports.comparison import Comparison
from hpsearch.reports.comparisons.rows import Row, draw_rows, room
from hpsearch.reports.drawing import Drawing
from hpsearch.reports.figure import Figure, Missing
from hpsearch.reports.statistics import mean_band
from hpsearch.reports.theme import Theme
from hpsearch.reports.words import label, number, plain


@dataclass(frozen=True, slots=True)
class Finals:
    """A row for each contestant that has a value, and how many have none."""

    metric: str
    rows: tuple[Row, ...]


def compute(comparison: Comparison) -> Finals | Missing:
    """The rows."""
    rows = []
    for place, one in enumerate(comparison.contestants):
        finals = comparison.finals(one)
        if not finals:
            continue
        values = list(finals.values())
        low, high = mean_band(values)
        dots = tuple((value, f"{one.name}, seed {seed}: {number(value)}") for seed, value in finals.items())
        rows.append(Row(one.name, place, sum(values) / len(values), float(low), float(high), dots))
    if not rows:
        return Missing("No repeat has a trial with a value yet.")
    return Finals(comparison.metric, tuple(rows))


def draw(record: Finals, theme: Theme) -> Drawing:
    """A row for each."""
    values = [value for row in record.rows for value, _ in row.dots]
    return draw_rows(record.rows, theme, plain(f"best {label(record.metric)} of a search"), room(values))


figure = Figure(compute, draw)
