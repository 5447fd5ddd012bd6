"""The Pareto front and the band behind it, against their definitions."""

from __future__ import annotations

import math
import random

from hypothesis import given
from hypothesis import strategies as st

from hpsearch.search.front import Losses, Skyband, dominates, front, losses

#: Few different values, so that many are equal in one objective or in all.
LOSSES = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.tuples(*[st.sampled_from([0.0, 1.0, 2.0, 3.0, math.inf])] * width), max_size=40)
)


def beaten_by(own: Losses, others: list[Losses]) -> int:
    """By how many: each no worse anywhere, and better somewhere."""
    return sum(
        all(a <= b for a, b in zip(other, own, strict=True)) and any(a < b for a, b in zip(other, own, strict=True))
        for other in others
    )


@given(LOSSES)
def test_the_front_is_those_that_nobody_beats(points: list[Losses]) -> None:
    found = front(dict(enumerate(points)))
    assert found == tuple(n for n, own in enumerate(points) if beaten_by(own, points) == 0)
    assert bool(found) == bool(points)


@given(LOSSES, st.randoms(use_true_random=False))
def test_the_front_does_not_depend_on_the_order(points: list[Losses], rng: random.Random) -> None:
    shuffled = list(enumerate(points))
    rng.shuffle(shuffled)
    assert front(dict(shuffled)) == front(dict(enumerate(points)))


@given(LOSSES, st.integers(1, 5), st.randoms(use_true_random=False))
def test_the_band_is_those_that_fewer_than_k_beat_in_any_order(
    points: list[Losses], k: int, rng: random.Random
) -> None:
    shuffled = list(enumerate(points))
    rng.shuffle(shuffled)
    band = Skyband(k)
    for number, own in shuffled:
        band.add(number, own)
    counts = {n: beaten_by(own, points) for n, own in enumerate(points)}
    assert band.beaten_by == {n: count for n, count in counts.items() if count < k}


@given(st.tuples(st.floats(), st.floats()), st.tuples(st.floats(), st.floats()))
def test_losses_turn_what_is_maximized_and_no_number_is_the_worst(one: Losses, other: Losses) -> None:
    own, theirs = (losses(values, ["maximize", "minimize"]) for values in (one, other))
    assert not any(map(math.isnan, own))
    assert not (dominates(own, theirs) and dominates(theirs, own))
    if not any(map(math.isnan, (*one, *other))) and one[0] > other[0] and one[1] < other[1]:
        assert dominates(own, theirs)
    assert losses([math.nan, 1.0], ["maximize", "maximize"]) == (math.inf, -1.0)
