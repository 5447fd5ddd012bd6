from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from hpsearch.errors import InputError
from hpsearch.reports.comparison import at, uneven, whole
from tests.reports.comparisons.contestants import comparison, contestant, two
from tests.reports.studies import study, trial


def test_what_a_repeat_has_found_over_trials_and_over_seconds() -> None:
    one, _ = two().contestants
    assert [two().by_trial(repeat) for repeat in one.repeats] == [[(1, 0.5), (2, 0.9)], [(1, 0.8)], [(1, 0.7)]]
    assert two().by_seconds(one.repeats[0]) == [(10, 0.5), (20, 0.9)]
    assert two().seconds(one.repeats[2]) == 20
    assert two().finals(one) == {0: 0.9, 1: 0.8, 2: 0.7}


def test_seconds_are_summed_in_the_order_of_ending() -> None:
    slow = study(trial(0, 0.9, start=0, seconds=30), trial(1, 0.5, start=0, seconds=10), name="a-s0")
    given = contestant("a", [0.1])
    one = type(given.repeats[0])(slow, given.repeats[0].identity, "same")
    assert comparison(type(given)("a", (one,))).by_seconds(one) == [(10, 0.5), (40, 0.9)]


def test_a_loss_falls() -> None:
    made = comparison(contestant("a", [0.5, 0.4, 0.45], direction="minimize"), target=0.42)
    assert made.final(made.contestants[0].repeats[0]) == 0.4
    assert made.reaches(0.4)
    assert not made.reaches(0.45)


def test_as_many_trials_count_as_every_study_has() -> None:
    long, short = contestant("long", [0.1, 0.2, 0.9]), contestant("short", [0.3, 0.4])
    made = comparison(long, short)
    assert made.trials == 2
    assert made.finals(long) == {0: 0.2}
    assert uneven(made) == ["Of each, the first 2 trials count: short-s0 has 2, long-s0 has 3."]
    everything = comparison(long, short, trials=0)
    assert everything.finals(long) == {0: 0.9}
    assert uneven(everything) == ["Not all have equally many trials: short-s0 has 2, long-s0 has 3."]
    assert uneven(comparison(long, short, trials=3)) == ["Not all have 3 trials: short-s0 has 2, long-s0 has 3."]
    assert uneven(comparison(short, short)) == []


def test_trials_that_are_under_way_end_what_is_whole() -> None:
    under_way = trial(1, state="RUNNING", seconds=None)
    assert whole(study(trial(0, 0.5), under_way, trial(2, 0.7))) == 1
    assert whole(study()) == 0


def test_only_seeds_of_all_are_common() -> None:
    one, other = contestant("one", [0.1], [0.2], [None]), contestant("other", [0.1], [0.2], [0.3], first_seed=1)
    made = comparison(one, other)
    assert made.common_seeds(one, other) == [1]
    assert made.common_seeds(other) == [1, 2, 3]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"data_section": {"name": "wine", "seed": 0}, "fingerprint": "wine"}, "data.name: digits → wine"),
        ({"data_section": {"name": "digits", "seed": 1}, "fingerprint": None}, "data.seed: 0 → 1"),
        ({"metric": "dev_loss"}, "metric: dev_accuracy → dev_loss"),
        ({"direction": "minimize"}, "direction: maximize → minimize"),
        ({"fingerprint": "other"}, "their data were not the same"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_one_line(more: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match="cannot be compared") as caught:
        comparison(contestant("one", [0.5]), contestant("other", [0.5], **more))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_studies_of_before_there_were_fingerprints_are_compared() -> None:
    assert comparison(contestant("one", [0.5], fingerprint=None), contestant("other", [0.5])).trials == 1


def test_the_same_data_may_be_said_in_two_ways() -> None:
    said = {"name": "digits", "seed": 0, "split": "auto"}
    assert comparison(contestant("one", [0.5]), contestant("other", [0.5], data_section=said)).trials == 1


def test_more_than_there_are_colours_is_refused() -> None:
    with pytest.raises(InputError, match="9 contestants are too many"):
        comparison(*(contestant(f"c{n}", [0.5]) for n in range(9)))


def test_a_step_function_has_no_value_before_its_first_step() -> None:
    found = at([(1, 0.5), (3, 0.9)], np.array([0.0, 1.0, 2.0, 3.0, 9.0]))
    assert math.isnan(found[0])
    assert found[1:].tolist() == [0.5, 0.5, 0.9, 0.9]
