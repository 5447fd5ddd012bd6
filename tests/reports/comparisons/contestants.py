"""Comparisons made by hand: each contestant is a list of repeats, each repeat a list of trial values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hpsearch.events import Scalar
from hpsearch.reports.comparison import Comparison, compare
from hpsearch.search.groups import Contestant, Repeat
from hpsearch.search.records import Dimension
from tests.reports.studies import study, trial

Values = Sequence[float | None]
DATA = {"name": "digits", "seed": 0}


def repeat(name: str, seed: int, values: Values, *, seconds: float = 10.0, **more: Any) -> Repeat:
    """Trial n has the n-th value (None: it was pruned), takes `seconds`, and has its number as `x`."""
    params: list[Mapping[str, Scalar]] = [{"x": float(number)} for number in range(len(values))]
    trials = [
        trial(number, value, state="PRUNED" if value is None else "COMPLETE", params=params[number],
              start=number * seconds, seconds=seconds)
        for number, value in enumerate(values)
    ]  # fmt: skip
    identity = {"data": more.pop("data_section", DATA), "model": name}
    fingerprint = more.pop("fingerprint", "same")
    dimensions = more.pop("dimensions", (Dimension("x", low=0.0, high=1.0),))
    facts = {"name": f"{name}-s{seed}", "seed": seed, "dimensions": dimensions, **more}
    return Repeat(study(*trials, **facts), identity, fingerprint)


def contestant(name: str, *repeats: Values, first_seed: int = 0, **more: Any) -> Contestant:
    """Its repeats have the seeds from `first_seed` on."""
    return Contestant(name, tuple(repeat(name, first_seed + n, values, **more) for n, values in enumerate(repeats)))


def comparison(*contestants: Contestant, trials: int | None = None, target: float | None = None) -> Comparison:
    """As the command makes it."""
    return compare(contestants, trials, target)


def two(**more: Any) -> Comparison:
    """Two contestants over three seeds, whose best values are 0.9, 0.8, 0.7 and 0.6, 0.8, 0.5."""
    return comparison(
        contestant("one", [0.5, 0.9], [0.8, 0.1], [0.7, None]),
        contestant("other", [0.6, 0.2], [0.7, 0.8], [0.5, 0.5]),
        **more,
    )
