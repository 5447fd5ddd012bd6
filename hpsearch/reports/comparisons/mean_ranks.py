"""The place of each contestant beside the others of the same seed, on average."""

from __future__ import annotations

from dataclasses import dataclass

from hpsearch.reports.comparison import Comparison
from hpsearch.reports.comparisons.rows import Row, draw_rows
from hpsearch.reports.drawing import Drawing
from hpsearch.reports.figure import Figure, Missing
from hpsearch.reports.statistics import mean_band, ranks
from hpsearch.reports.theme import Theme


@dataclass(frozen=True, slots=True)
class MeanRanks:
    """A row for each contestant over `seeds` seeds; the means sum to k(k+1)/2 for k contestants."""

    seeds: int
    rows: tuple[Row, ...]


def compute(comparison: Comparison) -> MeanRanks | Missing:
    """Ranks within each seed that all contestants have; equal values share a rank."""
    contestants = comparison.contestants
    if len(contestants) < 2:
        return Missing("Ranks need two contestants: name another one.")
    seeds = comparison.common_seeds(*contestants)
    if len(seeds) < 2:
        return Missing("Ranks need two seeds for which all contestants have a value: run each with the same --repeat.")
    finals = [comparison.finals(one) for one in contestants]
    table = ranks([[comparison.sign * values[seed] for values in finals] for seed in seeds])
    low, high = mean_band(table)
    rows = []
    for place, one in enumerate(contestants):
        firsts = int((table[:, place] == table.min(axis=1)).sum())
        note = f"first for {firsts} of {len(seeds)} seeds"
        rows.append(
            Row(one.name, place, float(table[:, place].mean()), float(low[place]), float(high[place]), note=note)
        )
    return MeanRanks(len(seeds), tuple(rows))


def draw(record: MeanRanks, theme: Theme) -> Drawing:
    """A row for each; rank 1 is on the left."""
    figure = draw_rows(record.rows, theme, "mean rank (1 is the best)", (0.9, len(record.rows) + 0.1))
    figure.layout.xaxis.dtick = 1
    return figure


figure = Figure(compute, draw)
