from __future__ import annotations

import math
from dataclasses import replace

import pytest

from hpsearch.events import Failure
from hpsearch.reports.drawing import Drawing
from hpsearch.reports.figure import Missing
from hpsearch.reports.figures.pareto import Pareto, compute, draw
from hpsearch.reports.theme import LIGHT
from hpsearch.search.records import StudyRecord, TrialRecord
from tests.reports.studies import search, study, trial, weighed


def point(number: int, accuracy: float, parameters: float, failure: Failure | None = None) -> TrialRecord:
    told = {"parameters": parameters, "dev_accuracy": accuracy}
    return replace(trial(number, accuracy, failure=failure), objectives=told)


def several(*trials: TrialRecord) -> StudyRecord:
    return study(*trials, objectives=(("parameters", "minimize"), ("dev_accuracy", "maximize")))


def computed(record: StudyRecord) -> Pareto:
    found = compute(record)
    assert isinstance(found, Pareto)
    return found


def test_the_front_comes_best_first_and_the_judge_is_the_first_objective() -> None:
    found = computed(several(point(0, 0.5, 10), point(1, 0.9, 100), point(2, 0.8, 200), point(3, 0.7, 20)))
    assert found.objectives == (("dev_accuracy", "maximize"), ("parameters", "minimize"))
    assert [mark.number for mark in found.front] == [1, 3, 0]
    assert [mark.number for mark in found.others] == [2]
    assert found.front[0].values == (0.9, 100)


def test_what_failed_or_has_no_finite_value_is_not_drawn() -> None:
    diverged = point(1, 0.0, math.inf, Failure.DIVERGED)
    found = computed(several(point(0, 0.5, 10), diverged, point(2, 0.4, math.inf)))
    assert [mark.number for mark in (*found.front, *found.others)] == [0]
    assert isinstance(compute(several(diverged)), Missing)


def test_one_objective_has_no_front_and_the_card_says_so() -> None:
    found = compute(search(40))
    assert isinstance(found, Missing)
    assert found.reason == "This study has one objective, so there is nothing to weigh it against."


def test_two_objectives_give_a_line_and_three_give_two_panels_of_points() -> None:
    one = draw(computed(several(point(0, 0.5, 10), point(1, 0.9, 100), point(2, 0.7, 20))), LIGHT)
    line = one.data[1]
    assert (line.mode, line.line.shape) == ("lines+markers", "hv")
    assert (list(line.x), list(line.y)) == ([10, 20, 100], [0.5, 0.7, 0.9])
    two = draw(computed(weighed(search(60), third=True)), LIGHT)
    assert isinstance(two, Drawing)
    assert {trace.xaxis for trace in two.data} == {"x", "x2"}
    assert {trace.mode for trace in two.data} == {"markers"}
    assert two.layout.xaxis2.title.text == "multiply adds"


@pytest.mark.parametrize(("largest", "kind"), [(200.0, None), (20_000.0, "log")])
def test_an_axis_over_powers_of_ten_is_logarithmic(largest: float, kind: str | None) -> None:
    figure = draw(computed(several(point(0, 0.5, 10), point(1, 0.9, largest))), LIGHT)
    assert figure.layout.xaxis.get("type") == kind


def test_a_star_marks_the_best_and_hovering_names_trial_and_values() -> None:
    figure = draw(computed(several(point(0, 0.5, 10), point(7, 0.9, 100))), LIGHT)
    star = figure.data[2]
    assert star.marker.symbol == "star"
    assert star.text[0].startswith("trial 7, the best<br>dev accuracy: 0.9<br>parameters: 100")
