"""What a comparison over seeds needs of statistics: intervals, tests, ranks and chances, all the same each time.

Larger is better in every function that compares; who has losses changes their signs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

Floats = NDArray[np.float64]
Test = Literal["permutation", "wilcoxon"]

RESAMPLES = 4000
EXACT = 14  # with up to so many differences, all their signs are gone through
DRAWS = 20_000  # with more, so many are drawn
Z95 = 1.959963984540054


def mean_band(values: ArrayLike) -> tuple[Floats, Floats]:
    """A 95% band around the mean over the first axis: percentiles of the bootstrap (Efron, 1979).

    `values` is [repeat, point], or [repeat]; the two ends are [point], or scalars. They hold the mean between them.
    With one repeat there is no spread to see: both ends are the mean.
    """
    table = np.asarray(values, dtype=np.float64)
    count, mean = len(table), table.mean(axis=0)
    draws = np.random.default_rng(0).multinomial(count, np.full(count, 1 / count), RESAMPLES)
    low, high = np.quantile(draws @ table / count, (0.025, 0.975), axis=0)
    return np.minimum(low, mean), np.maximum(high, mean)


def paired_p(differences: Sequence[float], test: Test = "permutation") -> float:
    """The two-sided p-value of paired differences having no preferred sign.

    `permutation` takes their sum (Fisher's test, 1935), `wilcoxon` the ranks of their sizes without the zeros
    (Wilcoxon, 1945); ties share ranks. Exact: every choice of signs is equally likely under the hypothesis, and all of
    them are gone through, or DRAWS drawn where there are more than EXACT differences.
    """
    given = np.array([one for one in differences if one != 0], dtype=np.float64)
    if not len(given):
        return 1.0
    sizes = rankdata(np.abs(given)) if test == "wilcoxon" else np.abs(given)
    seen = abs(float(np.sign(given) @ sizes))
    if len(given) <= EXACT:
        signs = 2 * (np.arange(2 ** len(given))[:, None] >> np.arange(len(given)) & 1) - 1
        return float(np.mean(np.abs(signs @ sizes) >= seen - 1e-9 * sizes.sum()))
    signs = 2 * np.random.default_rng(0).integers(0, 2, (DRAWS, len(given))) - 1
    as_far = np.count_nonzero(np.abs(signs @ sizes) >= seen - 1e-9 * sizes.sum())
    return float((1 + as_far) / (1 + DRAWS))


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values adjusted for how many there are: by chance, any of them is below 5% in 5% of cases (Holm, 1979)."""
    adjusted, least = [0.0] * len(p_values), 0.0
    for place, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        least = max(least, min(1.0, (len(p_values) - place) * p_values[index]))
        adjusted[index] = least
    return adjusted


@dataclass(frozen=True, slots=True)
class Chance:
    """A probability with its 95% interval."""

    value: float
    low: float
    high: float


def superiority(ones: Sequence[float], others: Sequence[float]) -> Chance:
    """How likely one of `ones` is better than one of `others`; a tie is half a win (Vargha and Delaney, 2000).

    The interval is Newcombe's (2006, method 5), which has a width even where all of one side are better.
    """
    pairs = np.sign(np.subtract.outer(np.asarray(ones, dtype=np.float64), np.asarray(others, dtype=np.float64)))
    seen = float(np.mean((pairs + 1) / 2))
    more = (len(ones) + len(others)) / 2 - 1

    def spread(chance: float) -> float:
        variance = chance * (1 - chance) / pairs.size
        return Z95 * math.sqrt(variance * (1 + more * ((1 - chance) / (2 - chance) + chance / (1 + chance))))

    return Chance(seen, _crossing(seen, 0.0, spread), _crossing(seen, 1.0, spread))


def _crossing(seen: float, end: float, spread: Any) -> float:
    """The chance between `end` and what was seen from which what was seen is just `spread` away."""
    inner, outer = seen, end
    for _ in range(60):
        middle = (inner + outer) / 2
        inner, outer = (middle, outer) if abs(seen - middle) <= spread(middle) else (inner, middle)
    return outer


def ranks(scores: ArrayLike) -> Floats:
    """[seed, contestant] → the rank of each beside the others of its seed: 1 is the best, equal ones share theirs."""
    return np.asarray(rankdata(-np.asarray(scores, dtype=np.float64), axis=1), dtype=np.float64)


def reached_share(times: Sequence[float], reached: Sequence[bool]) -> list[tuple[float, float]]:
    """The share that has reached something by each time at which one more has: Kaplan and Meier's estimate (1958).

    `times` are when, or, of those that did not, until when they were watched.
    """
    left, steps = 1.0, []
    for time in sorted({time for time, yes in zip(times, reached, strict=True) if yes}):
        watched = sum(one >= time for one in times)
        left *= 1 - sum(yes and one == time for one, yes in zip(times, reached, strict=True)) / watched
        steps.append((time, 1 - left))
    return steps


def front(points: Sequence[tuple[float, float]]) -> list[int]:
    """Of points (cost, score), those that no other one beats in one without being worse in the other, by cost."""
    order = sorted(range(len(points)), key=lambda index: (points[index][0], -points[index][1]))
    kept: list[int] = []
    for index in order:
        if not kept or points[index][1] > points[kept[-1]][1]:
            kept.append(index)
    return kept
