from __future__ import annotations

import pytest

from hpsearch.reports.figure import Missing
from hpsearch.reports.figures.isolation import Bin, Isolation, compute, draw
from hpsearch.reports.theme import LIGHT
from hpsearch.search.records import Dimension
from tests.reports.studies import study, trial

RATE = Dimension("rate", low=1e-4, high=1.0, log=True)
DEPTH = Dimension("depth", low=1, high=3, integer=True)
KIND = Dimension("kind", options=("a", "b", "c"))


def small(direction: str = "maximize") -> Isolation:
    record = compute(
        study(
            trial(0, 0.5, params={"rate": 2e-4, "depth": 1, "kind": "a"}),
            trial(1, 0.7, params={"rate": 9e-4, "depth": 3, "kind": "a"}),
            trial(2, 0.6, params={"rate": 1.0, "depth": 3, "kind": "c"}),
            trial(3, state="PRUNED", params={"rate": 0.01, "depth": 2, "kind": "b"}, metrics={"dev_accuracy": [0.9]}),
            dimensions=(RATE, DEPTH, KIND),
            direction=direction,
        ),
        bins=4,
    )
    assert isinstance(record, Isolation)
    return record


def test_each_bin_has_the_best_of_its_trials_whatever_their_other_hyperparameters() -> None:
    rate, depth, kind = small().panels
    assert [(part.best, part.number, part.count) for part in rate.bins] == [(0.7, 1, 2), (0.6, 2, 1)]
    assert (rate.bins[0].low, rate.bins[0].high) == pytest.approx((1e-4, 1e-3))
    assert rate.bins[0].centre == pytest.approx(10**-3.5)
    assert depth.bins == (Bin(1, 1, 1, 0.5, 0, 1), Bin(3, 3, 3, 0.7, 1, 2))
    assert kind.bins == (Bin(0, 0, 0, 0.7, 1, 2), Bin(2, 2, 2, 0.6, 2, 1))
    assert depth.spread == pytest.approx(0.2)


def test_of_a_loss_the_best_is_the_smallest() -> None:
    assert [part.best for part in small("minimize").panels[0].bins] == [0.5, 0.6]


def test_panels_have_the_scale_of_the_search_and_the_names_of_options() -> None:
    layout = draw(small(), LIGHT).layout
    assert layout.xaxis.type == "log"
    assert list(layout.xaxis3.ticktext) == ["a", "b", "c"]
    assert layout.yaxis2.matches == "y"


def test_fewer_than_two_values_are_a_reason() -> None:
    assert compute(study(trial(0, 0.5, params={"x": 0.5}))) == Missing("Fewer than two trials have a final value.")


def test_a_panel_whose_dots_are_all_outside_says_so() -> None:
    good = [trial(n, 0.9 + n / 1000, params={"rate": 10 ** (-n / 3), "kind": "a"}) for n in range(12)]
    bad = trial(12, 0.1, params={"depth": 2, "rate": 1.0})
    record = compute(study(*good, bad, dimensions=(RATE, DEPTH, KIND)))
    assert isinstance(record, Isolation)
    said = {note.text: note.xref for note in draw(record, LIGHT).layout.annotations if note.name != "caption"}
    assert said == {"all are below": "x2 domain"}
