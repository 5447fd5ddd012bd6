"""How likely a search of one contestant comes to a better value than one of another."""

from __future__ import annotations

from dataclasses import dataclass

from hpsearch.reports.comparison import Comparison
from hpsearch.reports.comparisons.rows import Row, draw_rows
from hpsearch.reports.drawing import Drawing
from hpsearch.reports.figure import Figure, Missing
from hpsearch.reports.statistics import superiority
from hpsearch.reports.theme import Theme


@dataclass(frozen=True, slots=True)
class Chances:
    """A row for each pair: the chance that the first one named is better, a tie being half a win."""

    rows: tuple[Row, ...]


def compute(comparison: Comparison) -> Chances | Missing:
    """Every search of one against every search of the other: seeds need not be the same."""
    if len(comparison.contestants) < 2:
        return Missing("A chance to win needs two contestants: name another one.")
    places = {one.name: place for place, one in enumerate(comparison.contestants)}
    rows = []
    for one, other in comparison.pairs():
        scores = [[comparison.sign * v for v in comparison.finals(each).values()] for each in (one, other)]
        if min(map(len, scores)) < 2:
            continue
        chance = superiority(scores[0], scores[1])
        name = f"{one.name} beats {other.name}"
        rows.append(Row(name, places[one.name], chance.value, chance.low, chance.high, note=f"{chance.value:.0%}"))
    if not rows:
        return Missing("A chance needs two repeats or more of each with a value: hpsearch run FILE --repeat 10.")
    return Chances(tuple(rows))


def draw(record: Chances, theme: Theme) -> Drawing:
    """A row for each pair; on the dotted line neither is better."""
    figure = draw_rows(record.rows, theme, "probability", (-0.02, 1.02), line=0.5)
    figure.layout.xaxis.tickformat = ".0%"
    return figure


figure = Figure(compute, draw)
