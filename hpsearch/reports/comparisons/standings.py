"""The contestants in a table: how good the best network was on average over the seeds, and what it took."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import mean, median, stdev
from typing import Any

from markupsafe import Markup

from hpsearch.reports.comparison import Comparison
from hpsearch.reports.comparisons.tables import markup_table
from hpsearch.reports.figure import Figure, Missing
from hpsearch.reports.statistics import mean_band, ranks
from hpsearch.reports.theme import Theme
from hpsearch.reports.words import ABSENT, duration, number
from hpsearch.search.groups import Contestant


@dataclass(frozen=True, slots=True)
class Standing:
    """One contestant. The values are those of its repeats' best trials; None where no repeat has one.

    `low` and `high` are a 95% interval of the mean; `deviation` and they need two repeats. `rank` is the mean over the
    seeds that all share. `seconds` is the mean training time of a repeat, `reached` how many came to the target.
    """

    contestant: str
    sampler: str
    repeats: int
    trials: float
    mean: float | None
    low: float | None
    high: float | None
    deviation: float | None
    median: float | None
    worst: float | None
    best: float | None
    rank: float | None
    seconds: float
    reached: int | None

    def facts(self) -> dict[str, Any]:
        """The same as a flat mapping."""
        return {name: getattr(self, name) for name in type(self).__slots__}


@dataclass(frozen=True, slots=True)
class Standings:
    """The contestants in the order in which they were named; `leader` is the one with the best mean."""

    direction: str
    rows: tuple[Standing, ...]
    leader: str | None


def compute(comparison: Comparison) -> Standings | Missing:
    """A row for each contestant."""
    seeds = comparison.common_seeds(*comparison.contestants)
    finals = {one.name: comparison.finals(one) for one in comparison.contestants}
    placed: Mapping[str, float] = {}
    if seeds and len(finals) > 1:
        table = [[comparison.sign * values[seed] for values in finals.values()] for seed in seeds]
        placed = dict(zip(finals, ranks(table).mean(axis=0).tolist(), strict=True))
    rows = tuple(_standing(comparison, one, placed.get(one.name)) for one in comparison.contestants)
    known = [row for row in rows if row.mean is not None]
    leader = max(known, key=lambda row: comparison.sign * (row.mean or 0.0), default=None)
    return Standings(comparison.direction, rows, None if leader is None else leader.contestant)


def _standing(comparison: Comparison, one: Contestant, rank: float | None) -> Standing:
    finals = list(comparison.finals(one).values())
    best_first = sorted(finals, key=lambda value: -comparison.sign * value)
    band = mean_band(finals) if len(finals) > 1 else None
    return Standing(
        contestant=one.name,
        sampler=one.repeats[0].study.sampler,
        repeats=len(one.repeats),
        trials=mean(len(comparison.counted(repeat)) for repeat in one.repeats),
        mean=mean(finals) if finals else None,
        low=None if band is None else float(band[0]),
        high=None if band is None else float(band[1]),
        deviation=stdev(finals) if len(finals) > 1 else None,
        median=median(finals) if finals else None,
        worst=best_first[-1] if finals else None,
        best=best_first[0] if finals else None,
        rank=rank,
        seconds=mean(comparison.seconds(repeat) for repeat in one.repeats),
        reached=None if comparison.target is None else sum(map(comparison.reaches, finals)),
    )


def draw(record: Standings, theme: Theme) -> Markup:
    """A table; the row of the best mean is marked."""
    headings = ["", "sampler", "repeats", "trials each", "mean of the best", "95% interval", "median", "worst", "best",
                "mean rank", "training time"]  # fmt: skip
    with_target = any(row.reached is not None for row in record.rows)
    rows = [
        [
            row.contestant, row.sampler, str(row.repeats), number(row.trials), _shown(row.mean),
            ABSENT if row.low is None or row.high is None else f"{number(row.low)} to {number(row.high)}",
            _shown(row.median), _shown(row.worst), _shown(row.best), _shown(row.rank, 3), duration(row.seconds),
            *([f"{row.reached} of {row.repeats}"] if with_target else []),
        ]
        for row in record.rows
    ]  # fmt: skip
    best = next((place for place, row in enumerate(record.rows) if row.contestant == record.leader), None)
    return markup_table([*headings, *(["reached the target"] if with_target else [])], rows, best=best, words=2)


def _shown(value: float | None, digits: int = 4) -> str:
    return ABSENT if value is None else number(value, digits)


figure = Figure(compute, draw)
