from __future__ import annotations

import pytest

from hpsearch.events import Failure
from hpsearch.reports.figure import Missing
from hpsearch.reports.figures.slices import Slice, Slices, compute, draw, notes
from hpsearch.reports.theme import LIGHT
from hpsearch.search.records import Dimension
from tests.reports.studies import study, trial

DIMENSIONS = (
    Dimension("rate", low=1e-4, high=1.0, log=True),
    Dimension("momentum", low=0.5, high=0.9),
    Dimension("optimizer", options=("sgd", "momentum", None)),
    Dimension("fixed", options=(1,)),
)


def small() -> Slices:
    record = compute(
        study(
            trial(0, 0.5, params={"rate": 0.1, "optimizer": "sgd", "fixed": 1}),
            trial(1, 0.9, params={"rate": 0.01, "optimizer": "momentum", "momentum": 0.6, "fixed": 1}),
            trial(2, 0.7, params={"rate": 0.001, "optimizer": None, "fixed": 1}),
            trial(3, 0.0, params={"rate": 1.0, "optimizer": "sgd"}, failure=Failure.DIVERGED),
            dimensions=DIMENSIONS,
        )
    )
    assert isinstance(record, Slices)
    return record


def test_a_slice_has_the_trials_in_which_its_hyperparameter_is_active() -> None:
    rate, momentum, optimizer, _ = DIMENSIONS
    assert small().panels == (
        Slice(rate, (0, 1, 2), (0.1, 0.01, 0.001), (0.5, 0.9, 0.7), 3),
        Slice(momentum, (1,), (0.6,), (0.9,), 1),
        Slice(optimizer, (0, 1, 2), (0.0, 1.0, 2.0), (0.5, 0.9, 0.7), 3),
    )
    assert (small().best, small().scored) == (1, 3)


def test_the_ends_of_a_range_are_marked_and_a_logarithmic_range_has_a_logarithmic_axis() -> None:
    figure = draw(small(), LIGHT)
    assert sorted(shape.x0 for shape in figure.layout.shapes if shape.xref == "x") == [1e-4, 1.0]
    assert [figure.layout[axis].type for axis in ("xaxis", "xaxis2")] == ["log", "linear"]
    assert "1 of 3 trials" in figure.layout.xaxis2.title.text
    assert list(figure.layout.xaxis3.ticktext) == ["sgd", "momentum", "none"]


def test_of_very_many_trials_the_best_third_and_others_evenly_are_shown() -> None:
    trials = [trial(number, number / 100, params={"x": 0.5}) for number in range(100)]
    record = compute(study(*trials), most=9)
    assert isinstance(record, Slices)
    assert record.panels[0].numbers == (0, 16, 32, 48, 64, 80, 97, 98, 99)
    assert record.panels[0].active == 100


@pytest.mark.parametrize("trials", [(), (trial(0, 0.5, params={"x": 0.5}),)])
def test_fewer_than_two_values_are_a_reason(trials: tuple[object, ...]) -> None:
    assert compute(study(*trials)) == Missing("Fewer than two trials have a final value.")  # type: ignore[arg-type]


def test_nothing_that_varies_is_a_reason() -> None:
    assert isinstance(compute(study(trial(0, 0.1), trial(1, 0.2), dimensions=())), Missing)


def test_a_point_is_a_trial_whose_hyperparameters_the_page_knows() -> None:
    points = draw(small(), LIGHT).data[0]
    assert points.customdata.tolist() == [0, 1, 2]
    assert points.meta == {"trials": True}
    assert points.hovertemplate == "trial %{customdata}<br>%{y:.4~g}<extra></extra>"


def test_an_end_at_which_the_best_trials_crowd_is_marked_and_warned_of() -> None:
    trials = [trial(number, number / 40, params={"x": number / 40}) for number in range(41)]
    record = compute(study(*trials, dimensions=(Dimension("x", low=0.0, high=1.0),)))
    assert isinstance(record, Slices)
    widths = {shape.x0: shape.line.width for shape in draw(record, LIGHT).layout.shapes}
    assert widths == {0.0: 1, 1.0: 3}
    assert notes(record) == [
        "5 of the 5 best trials lie at the high end of x. Try a wider range: x: {low: 0, high: 1.5}"
    ]


def test_pruned_trials_are_points_at_their_last_value_even_where_no_trial_is_complete() -> None:
    stopped = trial(2, state="PRUNED", params={"rate": 0.1, "momentum": 0.7}, metrics={"dev_accuracy": [0.2, 0.3]})
    complete = [trial(n, 0.5 + n / 10, params={"rate": 0.01}) for n in range(2)]
    record = compute(study(*complete, stopped, dimensions=DIMENSIONS))
    assert isinstance(record, Slices)
    assert [(panel.dimension.name, panel.x, panel.pruned) for panel in record.panels] == [
        ("rate", (0.01, 0.01), ((0.1, 0.3),)),
        ("momentum", (), ((0.7, 0.3),)),
    ]
    assert len(draw(record, LIGHT).layout.xaxis2.title.text) > 0
