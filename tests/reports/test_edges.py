from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpsearch.reports.edges import Edge, edges
from hpsearch.search.records import Dimension, StudyRecord
from hpsearch.space.yaml_tree import read_yaml
from tests.reports.studies import study, trial


def crowded(dimension: Dimension, places: list[float], **more: object) -> StudyRecord:
    """The better, the later the place stands in the list."""
    trials = [trial(n, n / len(places), params={dimension.name: place}) for n, place in enumerate(places)]
    return study(*trials, dimensions=(dimension,), **more)


RATE = Dimension("learning_rate", low=1e-4, high=1e-2, log=True)
LINEAR = [n / 40 for n in range(41)]


def test_an_end_at_which_the_best_crowd_is_found_with_a_wider_range() -> None:
    rising = [10 ** (-4 + 2 * (n / 40) ** 0.5) for n in range(41)]
    assert edges(crowded(RATE, rising)) == (
        Edge("learning_rate", "high", 1e-2, 5, 5, "learning_rate: {low: 0.0001, high: 0.1, log: true}"),
    )
    (low,) = edges(crowded(RATE, [1e-6 / rate for rate in rising]))
    assert (low.side, low.wider) == ("low", "learning_rate: {low: 1e-05, high: 0.01, log: true}")
    (falling,) = edges(crowded(RATE, rising[::-1], direction="minimize"))
    assert falling.side == "high"


def test_best_trials_in_the_middle_or_all_over_warn_of_nothing() -> None:
    middle = sorted(LINEAR, key=lambda x: -abs(x - 0.5))
    assert edges(crowded(Dimension("x", low=0.0, high=1.0), middle)) == ()
    spread = [n * 7 % 41 / 40 for n in range(41)]
    assert edges(crowded(Dimension("x", low=0.0, high=1.0), spread)) == ()


@pytest.mark.parametrize(
    ("dimension", "place", "wider"),
    [
        (Dimension("dropout", low=0.0, high=0.5), 0.5, "dropout: {low: 0, high: 0.75}"),
        (Dimension("momentum", low=0.5, high=0.98), 0.98, "momentum: {low: 0.5, high: 0.99}"),  # 1 itself may not be
        (Dimension("dropout", low=0.0, high=0.5), 0.0, ""),  # less than none is nothing
        (Dimension("depth", low=1, high=4, integer=True), 4, "depth: {low: 1, high: 6}"),
        (Dimension("depth", low=1, high=4, integer=True), 1, ""),
        (
            Dimension("width", low=64, high=1024, integer=True, log=True),
            1024,
            "width: {low: 64, high: 4096, log: true}",
        ),
        (Dimension("mine", low=-1.0, high=1.0, step=0.5), -1.0, "mine: {low: -2, high: 1, step: 0.5}"),
    ],
)
def test_the_wider_range_stays_within_what_a_hyperparameter_may_be(
    dimension: Dimension, place: float, wider: str
) -> None:
    other = (dimension.low or 0.0) if place != dimension.low else (dimension.high or 0.0)
    (edge,) = edges(crowded(dimension, [other] * 20 + [place] * 20))
    assert edge.wider == wider
    assert edge.sentence.endswith(wider or ".")


def test_conditions_of_the_study_file_are_kept() -> None:
    text = "hyperparameters:\n  momentum: {low: 0.5, high: 0.9, when: {optimizer: [momentum, nesterov]}}\n"
    dimension = Dimension("momentum", low=0.5, high=0.9)
    (edge,) = edges(crowded(dimension, [0.5] * 20 + [0.9] * 20, study_file=text))
    assert edge.wider == "momentum: {low: 0.5, high: 0.95, when: {optimizer: [momentum, nesterov]}}"


@given(st.text(min_size=1, max_size=12), st.sampled_from(["low", "high"]))
def test_the_line_is_yaml_whatever_the_name(name: str, side: str) -> None:
    dimension = Dimension(name, low=0.0, high=1.0)
    far, near = (1.0, 0.0) if side == "low" else (0.0, 1.0)
    (edge,) = edges(crowded(dimension, [far] * 20 + [near] * 20))
    if edge.wider and name.isprintable():
        ((key, form),) = read_yaml(edge.wider).value.items()
        assert (key, set(form)) == (name, {"low", "high"})
        assert form["low"] < form["high"]
        assert (form["low"] < 0.0) or (form["high"] > 1.0)


def test_fewer_than_ten_values_warn_of_nothing() -> None:
    assert edges(crowded(RATE, [1e-2] * 9)) == ()


def test_of_equal_values_the_first_ones_are_no_crowd() -> None:
    equal = [trial(number, 0.5, params={"x": number / 30}) for number in range(30)]
    assert edges(study(*equal, dimensions=(Dimension("x", low=0.0, high=1.0),))) == ()
