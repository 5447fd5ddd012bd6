"""Every two contestants on the seeds that they share: the difference, and whether chance alone explains it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from hpsearch.reports.comparison import Comparison
from hpsearch.reports.comparisons.tables import markup_table
from hpsearch.reports.figure import Figure, Missing
from hpsearch.reports.statistics import Test, holm, mean_band, paired_p
from hpsearch.reports.theme import Theme
from hpsearch.reports.words import number
from hpsearch.search.groups import Contestant

LEVEL = 0.05
FEWEST = 2


@dataclass(frozen=True, slots=True)
class Pair:
    """`difference` is the mean over the seeds of one's value less other's, with its 95% interval.

    `adjusted` is the p-value after Holm's correction for all pairs. `ahead` names who is ahead if that is below LEVEL.
    """

    one: str
    other: str
    seeds: int
    difference: float
    low: float
    high: float
    p: float
    adjusted: float
    ahead: str | None

    def facts(self) -> dict[str, Any]:
        """The same as a flat mapping."""
        return {name: getattr(self, name) for name in type(self).__slots__}


@dataclass(frozen=True, slots=True)
class PairedTests:
    """The pairs that have seeds in common, and how many have not."""

    test: Test
    pairs: tuple[Pair, ...]
    apart: int


def compute(comparison: Comparison, *, test: Test = "permutation") -> PairedTests | Missing:
    """Test each pair that shares FEWEST seeds."""
    if len(comparison.contestants) < 2:
        return Missing("A test needs two contestants: name another one.")
    known = [(pair, seeds) for pair in comparison.pairs() if len(seeds := comparison.common_seeds(*pair)) >= FEWEST]
    if not known:
        return Missing("A test needs seeds that two contestants share: run each with the same --repeat and --seed.")
    tested = [_differences(comparison, *pair, seeds) for pair, seeds in known]
    p_values = [paired_p(differences, test) for differences in tested]
    pairs = []
    for (pair, seeds), differences, p, adjusted in zip(known, tested, p_values, holm(p_values), strict=True):
        mean = sum(differences) / len(differences)
        low, high = mean_band(differences)
        better = pair[0] if comparison.sign * mean > 0 else pair[1]
        ahead = better.name if adjusted < LEVEL else None
        names = (pair[0].name, pair[1].name)
        pairs.append(Pair(*names, len(seeds), mean, float(low), float(high), p, adjusted, ahead))
    return PairedTests(test, tuple(pairs), len(comparison.pairs()) - len(known))


def _differences(comparison: Comparison, one: Contestant, other: Contestant, seeds: list[int]) -> list[float]:
    ones, others = comparison.finals(one), comparison.finals(other)
    return [ones[seed] - others[seed] for seed in seeds]


def draw(record: PairedTests, theme: Theme) -> Markup:
    """A table with a verdict in words."""
    rows = [
        [
            f"{pair.one} − {pair.other}",
            _verdict(pair),
            str(pair.seeds),
            f"{pair.difference:+.4g}",
            f"{pair.low:+.4g} to {pair.high:+.4g}",
            number(pair.p, 3),
            number(pair.adjusted, 3),
        ]
        for pair in record.pairs
    ]
    headings = ["", "verdict", "seeds", "mean difference", "95% interval", "p", "p, corrected"]
    table = markup_table(headings, rows, words=2)
    said = {
        "permutation": "p: an exact permutation test of the differences.",
        "wilcoxon": "p: Wilcoxon's signed-rank test.",
    }[record.test]
    if record.apart:
        said += f" {record.apart} more {'pair shares' if record.apart == 1 else 'pairs share'} fewer than two seeds."
    return Markup('{}<p class="note under">{}</p>').format(table, said)


def _verdict(pair: Pair) -> str:
    if pair.ahead is not None:
        return f"{pair.ahead} is ahead"
    least = 2 / 2**pair.seeds
    if least >= LEVEL:
        return f"too few seeds to tell: p cannot be below {number(least, 2)}"
    return "no difference shown"


figure = Figure(compute, draw)
