from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from hpsearch.reports.statistics import front, holm, mean_band, paired_p, ranks, reached_share, superiority

values = st.lists(st.integers(-20, 20).map(lambda whole: whole / 4), min_size=2, max_size=9)


def test_a_band_of_three_is_from_the_least_to_the_most() -> None:
    # Each end of 27 equally likely resamples has 1/27 > 2.5%.
    low, high = mean_band([1.0, 2.0, 6.0])
    assert (float(low), float(high)) == (1.0, 6.0)


def test_a_band_is_that_of_scipys_bootstrap() -> None:
    sample = np.random.default_rng(3).normal(size=12)
    theirs = scipy.stats.bootstrap(
        (sample,), np.mean, method="percentile", n_resamples=20_000, rng=np.random.default_rng(1)
    ).confidence_interval
    low, high = mean_band(sample)
    assert (float(low), float(high)) == pytest.approx((theirs.low, theirs.high), abs=0.05)


@given(st.lists(st.lists(st.floats(-1e3, 1e3), min_size=3, max_size=3), min_size=1, max_size=8))
def test_a_band_holds_the_mean_and_stays_within_the_values(table: list[list[float]]) -> None:
    low, high = mean_band(table)
    mean = np.mean(table, axis=0)
    assert np.all(low <= mean)
    assert np.all(mean <= high)
    assert np.all(low >= np.min(table, axis=0) - 1e-9)
    assert np.all(high <= np.max(table, axis=0) + 1e-9)


def test_the_permutation_test_by_hand() -> None:
    # |±1 ±2 ±3| >= 6 for 2 of 8 signs, and >= 4 for 4 of them.
    assert paired_p([1, 2, 3]) == 0.25
    assert paired_p([-1, 2, 3]) == 0.5
    assert paired_p([0, 0, 0]) == 1.0
    assert paired_p([1, 1, 1, 1, 1, 1]) == 2 / 64


def test_wilcoxon_by_hand() -> None:
    # Sizes 0.1, 9, 9 have ranks 1, 2.5, 2.5: |−1 + 5| >= 4 for 4 of 8 signs.
    assert paired_p([-0.1, 9, 9], "wilcoxon") == 0.5


@pytest.mark.parametrize("seed", range(4))
def test_both_tests_are_those_of_scipy(seed: int) -> None:
    differences = np.random.default_rng(seed).normal(0.4, 1.0, 10)
    theirs = scipy.stats.permutation_test(
        (differences,), np.sum, permutation_type="samples", n_resamples=np.inf, alternative="two-sided"
    )
    assert paired_p(differences.tolist()) == pytest.approx(theirs.pvalue, abs=1e-12)
    exact = scipy.stats.wilcoxon(differences, method="exact").pvalue
    assert paired_p(differences.tolist(), "wilcoxon") == pytest.approx(exact, abs=1e-12)


def test_of_many_differences_signs_are_drawn_and_come_near_the_exact_value() -> None:
    differences = np.random.default_rng(5).normal(0.3, 1.0, 20).tolist()
    exact = scipy.stats.wilcoxon(differences, method="exact").pvalue
    assert paired_p(differences, "wilcoxon") == pytest.approx(exact, abs=0.02)
    assert paired_p([1.0] * 30) == 1 / 20_001


@given(values, st.sampled_from(["permutation", "wilcoxon"]))
def test_p_is_a_probability_and_does_not_care_who_is_called_first(differences: list[float], test: str) -> None:
    p = paired_p(differences, test)  # type: ignore[arg-type]
    assert 0 < p <= 1
    assert paired_p([-one for one in differences], test) == p  # type: ignore[arg-type]


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == [0.03, 0.06, 0.06]
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), max_size=8))
def test_a_corrected_p_is_a_probability_no_smaller_and_in_the_same_order(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert all(p <= a <= 1 or a == p for p, a in zip(p_values, adjusted, strict=True))
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    assert [adjusted[place] for place in order] == sorted(adjusted)


def test_a_chance_by_hand() -> None:
    # Of 3 × 2 pairs: 3 beats 1 and 2, 2 beats 1 and ties with 2, 0 beats none.
    assert superiority([3, 2, 0], [1, 2]).value == 3.5 / 6
    sure = superiority([5, 6, 7], [1, 2, 3])
    assert (sure.value, sure.high) == (1.0, 1.0)
    assert 0.3 < sure.low < 0.9


def test_a_chance_is_mann_and_whitneys_u() -> None:
    ones, others = [1.0, 4.0, 6.0, 6.0], [2.0, 6.0, 3.0]
    u = scipy.stats.mannwhitneyu(ones, others).statistic
    assert superiority(ones, others).value == pytest.approx(u / 12)


def test_the_ends_of_a_chance_are_as_far_as_their_own_spread() -> None:
    chance = superiority([1.0, 3.0, 5.0, 8.0], [2.0, 4.0, 0.0, 6.0, 7.0])
    for end in (chance.low, chance.high):
        more = (4 + 5) / 2 - 1
        variance = end * (1 - end) / 20 * (1 + more * ((1 - end) / (2 - end) + end / (1 + end)))
        assert abs(chance.value - end) == pytest.approx(1.959964 * math.sqrt(variance), abs=1e-6)


@given(values, values)
def test_two_chances_sum_to_one_and_their_intervals_mirror_each_other(ones: list[float], others: list[float]) -> None:
    one, other = superiority(ones, others), superiority(others, ones)
    assert one.value + other.value == pytest.approx(1)
    assert one.low + other.high == pytest.approx(1)
    assert 0 <= one.low <= one.value <= one.high <= 1


def test_ranks_by_hand() -> None:
    assert ranks([[0.9, 0.8, 0.9], [0.1, 0.2, 0.3]]).tolist() == [[1.5, 3.0, 1.5], [3.0, 2.0, 1.0]]


@given(st.integers(1, 6).flatmap(lambda k: st.lists(st.lists(st.integers(0, 3), min_size=k, max_size=k), min_size=1)))
def test_ranks_of_a_seed_sum_to_the_same_with_ties_too(table: list[list[int]]) -> None:
    k = len(table[0])
    assert ranks(table).sum(axis=1).tolist() == [k * (k + 1) / 2] * len(table)


def test_the_share_that_has_reached_a_target_by_hand() -> None:
    assert np.array(reached_share([3, 1, 2], [True, True, False])) == pytest.approx(np.array([[1, 1 / 3], [3, 1]]))
    assert reached_share([3, 1, 5, 5], [True, True, False, False]) == [(1, 0.25), (3, 0.5)]
    assert reached_share([3, 1], [False, False]) == []


@given(st.lists(st.tuples(st.integers(1, 9), st.booleans()), min_size=1, max_size=9))
def test_the_share_is_scipys_estimate(seen: list[tuple[int, bool]]) -> None:
    times, reached = [time for time, _ in seen], [yes for _, yes in seen]
    ours = reached_share(times, reached)
    data = scipy.stats.CensoredData(
        uncensored=[time for time, yes in seen if yes], right=[time for time, yes in seen if not yes]
    )
    theirs = scipy.stats.ecdf(data).cdf
    for time, share in ours:
        assert share == pytest.approx(float(theirs.evaluate(time)))


def test_a_front_leaves_out_what_costs_more_for_no_more() -> None:
    points = [(2.0, 0.5), (1.0, 0.4), (3.0, 0.5), (1.0, 0.3), (4.0, 0.9)]
    assert front(points) == [1, 0, 4]


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), min_size=1, max_size=12))
def test_no_point_of_a_front_is_beaten_and_every_other_one_is(points: list[tuple[float, float]]) -> None:
    kept = [points[place] for place in front(points)]

    def beaten(point: tuple[float, float]) -> bool:
        return any(o[0] <= point[0] and o[1] >= point[1] and o != point for o in points)

    assert not any(map(beaten, kept))
    assert all(point in kept or beaten(point) for point in points)
