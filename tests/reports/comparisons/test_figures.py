"""What each figure of a comparison computes, against values worked out by hand."""

from __future__ import annotations

import math

import pytest
from scipy.optimize import brentq
from scipy.stats import norm

from hpsearch.reports.comparisons import (
    chances,
    coverage,
    finals,
    mean_ranks,
    paired_tests,
    pareto,
    progress,
    standings,
    study_files,
    target,
)
from hpsearch.reports.figure import Missing
from hpsearch.reports.theme import LIGHT
from tests.reports.comparisons.contestants import comparison, contestant, two


def test_standings() -> None:
    record = standings.compute(two(target=0.8))
    assert isinstance(record, standings.Standings)
    one, other = record.rows
    assert (one.contestant, one.repeats, one.trials, one.median, one.worst, one.best) == ("one", 3, 2, 0.8, 0.7, 0.9)
    assert [one.mean, one.deviation] == pytest.approx([0.8, 0.1])
    assert [one.low, one.high] == pytest.approx([0.7, 0.9])
    # Seed 0 and 2 are one's, seed 1 is a tie.
    assert [one.rank, other.rank] == pytest.approx([3.5 / 3, 5.5 / 3])
    assert (one.seconds, one.reached, other.reached) == (20, 2, 1)
    assert record.leader == "one"


def test_standings_of_a_lone_repeat_have_no_spread() -> None:
    record = standings.compute(comparison(contestant("one", [0.5])))
    assert isinstance(record, standings.Standings)
    assert (record.rows[0].mean, record.rows[0].low, record.rows[0].deviation, record.rows[0].rank) == (
        0.5, None, None, None,
    )  # fmt: skip


def test_the_mean_of_the_best_so_far_begins_where_all_have_a_value() -> None:
    record = progress.compute(comparison(contestant("one", [None, 0.5, 0.9], [0.3, 0.7, 0.2])))
    assert isinstance(record, progress.Progress)
    line = record.over_trials[0]
    assert line is not None
    assert list(line.places) == [2, 3, 3]
    assert line.mean == pytest.approx((0.6, 0.8, 0.8))
    assert line.low == pytest.approx((0.5, 0.7, 0.7))
    assert line.high == pytest.approx((0.7, 0.9, 0.9))
    seconds = record.over_seconds[0]
    assert seconds is not None
    assert list(seconds.places) == [20, 30, 30]


def test_a_contestant_of_which_a_repeat_has_no_value_has_no_line() -> None:
    record = progress.compute(comparison(contestant("one", [0.5], [None]), contestant("other", [0.5], [0.6])))
    assert isinstance(record, progress.Progress)
    assert record.over_trials[0] is None
    assert record.over_trials[1] is not None


def test_finals_are_a_dot_for_each_seed() -> None:
    record = finals.compute(two())
    assert isinstance(record, finals.Finals)
    assert [(row.name, [value for value, _ in row.dots]) for row in record.rows] == [
        ("one", [0.9, 0.8, 0.7]),
        ("other", [0.6, 0.8, 0.5]),
    ]
    assert record.rows[0].dots[1][1] == "one, seed 1: 0.8"
    # Of the 27 ways to draw three of these again, 1 in 27 is all the lowest: the ends lie at 2.5% and 97.5%.
    assert [record.rows[0].low, record.rows[0].mark, record.rows[0].high] == pytest.approx([0.7, 0.8, 0.9])


def test_dots_stand_clear_of_the_interval_above_them_and_of_the_next_name() -> None:
    drawing = finals.draw(finals.compute(two()), LIGHT)  # type: ignore[arg-type]
    first, last = drawing.layout.yaxis.range
    dots, bar, mark = drawing.data[:3]
    pixels = drawing.layout.meta.height / abs(last - first)
    below = (dots.y[0] - bar.y[0]) * pixels
    assert below > dots.marker.size / 2 + mark.marker.size / 2
    label = 6 + 1.5 * drawing.layout.annotations[1].font.size  # of the next row: it stands so far above its bar
    assert below + dots.marker.size / 2 < pixels - label


def test_mean_ranks_and_who_is_first() -> None:
    record = mean_ranks.compute(two())
    assert isinstance(record, mean_ranks.MeanRanks)
    assert record.seeds == 3
    assert [row.mark for row in record.rows] == [pytest.approx(3.5 / 3), pytest.approx(5.5 / 3)]
    assert [row.note for row in record.rows] == [
        "first for 3 of 3 seeds",
        "first for 1 of 3 seeds",
    ]


def test_paired_tests() -> None:
    record = paired_tests.compute(two())
    assert isinstance(record, paired_tests.PairedTests)
    (pair,) = record.pairs
    # 0.3, 0 and 0.2: of four signs of the two that differ, two are as far.
    assert (pair.one, pair.other, pair.seeds, pair.p, pair.adjusted, pair.ahead) == ("one", "other", 3, 0.5, 0.5, None)
    assert pair.difference == pytest.approx(0.5 / 3)
    # As above, the ends of the bootstrap of three are the least and the most of them.
    assert [pair.low, pair.high] == pytest.approx([0.0, 0.3])
    assert "p cannot be below 0.25" in paired_tests.draw(record, LIGHT)


def test_a_test_names_who_is_ahead_by_the_direction() -> None:
    low, high = (
        contestant("low", *[[0.1 + n / 100] for n in range(8)], direction="minimize"),
        contestant("high", *[[0.5 + n / 90] for n in range(8)], direction="minimize"),
    )
    record = paired_tests.compute(comparison(high, low))
    assert isinstance(record, paired_tests.PairedTests)
    assert (record.pairs[0].ahead, record.pairs[0].p) == ("low", 2 / 256)


def test_pairs_without_two_common_seeds_are_counted() -> None:
    apart = contestant("apart", [0.1], [0.2], first_seed=7)
    record = paired_tests.compute(comparison(*two().contestants, apart))
    assert isinstance(record, paired_tests.PairedTests)
    assert (len(record.pairs), record.apart) == (1, 2)
    assert isinstance(paired_tests.compute(comparison(two().contestants[0], apart)), Missing)


def end(seen: float, side: float) -> float:
    """Newcombe's equation of two against two, solved by SciPy: the end is z times its own standard error away."""

    def beyond(chance: float) -> float:
        more = 2 * (2 + 2) / 4 - 1
        bracket = 1 + more * ((1 - chance) / (2 - chance) + chance / (1 + chance))
        return float(abs(seen - chance) - norm.ppf(0.975) * math.sqrt(chance * (1 - chance) / 4 * bracket))

    return float(brentq(beyond, side, seen))


def test_chances_need_no_common_seeds() -> None:
    record = chances.compute(
        comparison(contestant("one", [0.3], [0.5]), contestant("other", [0.4], [0.5], first_seed=5))
    )
    assert isinstance(record, chances.Chances)
    (row,) = record.rows
    # 0.3 beats none, 0.5 beats one and ties with one.
    assert (row.name, row.mark, row.note) == ("one beats other", 1.5 / 4, "38%")
    assert [row.low, row.high] == pytest.approx([end(1.5 / 4, 0.0), end(1.5 / 4, 1.0)], abs=1e-9)


def test_the_target_is_reached_by_some() -> None:
    record = target.compute(two(target=0.8))
    assert isinstance(record, target.Target)
    one, other = record.lines
    # One reaches it after 20 and 10 seconds, and its third repeat, watched for 20, never does.
    assert (one.reached, one.median, other.reached, other.median) == (2, 20, 1, None)
    assert [time for time, _ in one.steps] == [10, 20]
    assert [share for _, share in one.steps] == pytest.approx([1 / 3, 2 / 3])
    assert [share for _, share in other.steps] == pytest.approx([1 / 3])


def test_without_a_target_there_is_a_reason() -> None:
    missing = target.compute(two())
    assert isinstance(missing, Missing)
    assert "--target" in missing.reason


def test_the_front_of_a_contestant_goes_over_all_its_repeats() -> None:
    cheap, dear = contestant("one", [0.5, 0.6], seconds=5.0), contestant("one", [0.9], seconds=7.0, first_seed=1)
    one = type(cheap)("one", (*cheap.repeats, *dear.repeats))
    record = pareto.compute(comparison(one, trials=0))
    assert isinstance(record, pareto.Pareto)
    ((title, (cloud,)),) = record.costs
    assert "seconds" in title
    assert cloud.front == ((5, 0.6, "one-s0, trial 1"), (7, 0.9, "one-s1, trial 0"))


def test_a_grid_covers_fewer_values() -> None:
    record = coverage.compute(two())
    assert isinstance(record, coverage.Coverage)
    assert (record.trials, record.rows) == ((2, 2), (("x", (2, 2)),))


def test_what_is_searched_by_one_alone_is_absent_of_the_other() -> None:
    one, other = contestant("one", [0.5]), contestant("other", [0.5], dimensions=())
    record = coverage.compute(comparison(one, other))
    assert isinstance(record, coverage.Coverage)
    assert record.rows == (("x", (1, None)),)


def test_what_differs_between_the_files() -> None:
    record = study_files.compute(two())
    assert isinstance(record, study_files.StudyFiles)
    assert (record.first, record.others) == ("one", (("other", ("model: one → other",)),))
