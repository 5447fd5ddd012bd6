"""Where Optuna draws the same figure, what a record holds is exactly what Optuna draws of the same trials."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np
import optuna
import plotly.graph_objects as go
import pytest
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution

from hpsearch.reports.figure import Missing
from hpsearch.reports.figures import (
    best_so_far,
    contours,
    importances,
    learning_curves,
    parallel_coordinates,
    pareto,
    slices,
)
from hpsearch.search.records import Dimension, StudyRecord
from tests.reports.studies import study, trial, weighed

DIMENSIONS = (
    Dimension("rate", low=1e-4, high=1.0, log=True),
    Dimension("dropout", low=0.0, high=0.5),
    Dimension("kind", options=("a", "b", "c")),
)
DISTRIBUTIONS: dict[str, BaseDistribution] = {
    "rate": FloatDistribution(1e-4, 1.0, log=True),
    "dropout": FloatDistribution(0.0, 0.5),
    "kind": CategoricalDistribution(("a", "b", "c")),
}
METRIC = "dev_accuracy"


def ours() -> StudyRecord:
    """Forty complete trials with three epochs each, and eight pruned ones with one."""
    generator = random.Random(7)
    trials = []
    for number in range(48):
        rate, dropout = 10 ** generator.uniform(-4, 0), generator.uniform(0, 0.5)
        kind = generator.choice("abc")
        value = 1 - 0.1 * (math.log10(rate) + 2) ** 2 - dropout**2 - 0.05 * (kind == "b")
        curve = [value - 0.3, value - 0.1, value]
        made: dict[str, Any] = {"params": {"rate": rate, "dropout": dropout, "kind": kind}}
        if number % 6 == 5:
            trials.append(trial(number, state="PRUNED", metrics={METRIC: curve[:1]}, **made))
        else:
            trials.append(trial(number, value, metrics={METRIC: curve}, **made))
    return study(*trials, dimensions=DIMENSIONS)


def theirs(record: StudyRecord) -> optuna.Study:
    """The same trials as Optuna keeps them."""
    directions = [way for _, way in record.objectives] or [record.direction]
    made = optuna.create_study(directions=directions)
    for one in record.trials:
        complete = one.state == "COMPLETE"
        several = [one.objectives[name] for name, _ in record.objectives if name in one.objectives]
        values = several if record.objectives else [one.value]
        made.add_trial(
            optuna.trial.create_trial(
                state=optuna.trial.TrialState.COMPLETE if complete else optuna.trial.TrialState.PRUNED,
                params=dict(one.params),
                distributions=DISTRIBUTIONS,
                values=values if complete else None,  # type: ignore[arg-type]
                intermediate_values={} if record.objectives else dict(enumerate(one.history.metrics[METRIC], start=1)),
            )
        )
    return made


def traces(figure: go.Figure, **having: Any) -> list[Any]:
    return [trace for trace in figure.data if all(getattr(trace, key) == value for key, value in having.items())]


def test_the_best_so_far_is_that_of_the_optimization_history() -> None:
    record = best_so_far.compute(ours())
    assert isinstance(record, best_so_far.BestSoFar)
    values, best, *_ = optuna.visualization.plot_optimization_history(theirs(ours())).data
    assert [(mark.number, mark.value) for mark in record.scored] == list(zip(values.x, values.y, strict=True))
    steps = {mark.number: mark.value for mark in record.by_number}
    line = accumulate((steps.get(number, -math.inf) for number in best.x), max)
    assert list(line) == list(best.y)


def test_the_panels_are_those_of_the_slice_plot() -> None:
    record = slices.compute(ours())
    assert isinstance(record, slices.Slices)
    for panel in record.panels:
        drawn = optuna.visualization.plot_slice(theirs(ours()), params=[panel.dimension.name]).data[0]
        options = panel.dimension.options
        places = [repr(options[int(place)]) for place in panel.x] if options else panel.x
        assert sorted(zip(places, panel.y, strict=True)) == sorted(zip(drawn.x, drawn.y, strict=True))


def test_the_curves_are_those_of_the_intermediate_values() -> None:
    record = learning_curves.compute(ours(), best=3, others=100)
    assert isinstance(record, learning_curves.LearningCurves)
    found = {curve.number: (curve.epochs, curve.values) for curve in (*record.best, *record.others, *record.pruned)}
    drawn = optuna.visualization.plot_intermediate_values(theirs(ours())).data
    assert found == {int(one.name.removeprefix("Trial")): (tuple(one.x), tuple(one.y)) for one in drawn}


def test_the_shares_are_those_of_the_importance_plot() -> None:
    record = importances.compute(ours(), resamples=0)
    assert isinstance(record, importances.Importances)
    (bar,) = optuna.visualization.plot_param_importances(
        theirs(ours()), evaluator=optuna.importance.PedAnovaImportanceEvaluator()
    ).data
    assert dict(record.shares) == pytest.approx(dict(zip(bar.y, bar.x, strict=True)))


def test_the_bootstrap_is_that_of_optunas_shares() -> None:
    record = importances.compute(ours(), resamples=12)
    assert isinstance(record, importances.Importances)
    complete = [one for one in ours().trials if one.state == "COMPLETE"]
    generator, drawn = np.random.default_rng(ours().seed), []
    for _ in range(12):
        chosen = [complete[place] for place in generator.integers(len(complete), size=len(complete))]
        evaluator = optuna.importance.PedAnovaImportanceEvaluator()
        drawn.append(optuna.importance.get_param_importances(theirs(study(*chosen)), evaluator=evaluator))
    for (name, _), ends in zip(record.shares, record.ranges, strict=True):
        assert ends == pytest.approx(tuple(np.quantile([shares[name] for shares in drawn], (0.05, 0.95))))


def test_the_lines_are_those_of_the_parallel_coordinates() -> None:
    record = parallel_coordinates.compute(ours(), best=100)
    assert isinstance(record, parallel_coordinates.ParallelCoordinates)
    figure = optuna.visualization.plot_parallel_coordinate(theirs(ours()))
    order = ("Objective Value", "dropout", "kind", "rate")
    assert figure.layout.xaxis.ticktext == order
    options = [text for text in (note.text for note in figure.layout.annotations) if text in "abc"]
    mine = {axis.name: axis.places for axis in record.axes}
    mine["kind"] = tuple(float(options.index("abc"[int(place)])) for place in mine["kind"])
    columns = [_stretched(record.values), *(_stretched(mine[name]) for name in order[1:])]
    drawn = sorted(line.y for line in figure.data if line.mode == "lines")
    for one, other in zip(sorted(zip(*columns, strict=True)), drawn, strict=True):
        assert one == pytest.approx(other)


def _stretched(places: Sequence[float]) -> list[float]:
    """From 0 to 1, as Optuna draws every axis."""
    return [(place - min(places)) / (max(places) - min(places)) for place in places]


def test_the_points_of_the_contours_are_those_of_the_contour_plot() -> None:
    record = contours.compute(ours())
    assert isinstance(record, contours.Contours)
    figure = optuna.visualization.plot_contour(theirs(ours()), params=[record.x.name, record.y.name])
    (points,) = [trace for trace in traces(figure, type="scatter") if len(trace.x) == len(record.points)]
    xs, ys = (points.x, points.y) if figure.layout.xaxis.title.text == record.x.name else (points.y, points.x)
    assert sorted((x, y) for _, x, y in record.points) == sorted(zip(xs, ys, strict=True))


def test_the_front_is_that_of_the_pareto_front_plot() -> None:
    two = weighed(ours())
    record = pareto.compute(two)
    assert isinstance(record, pareto.Pareto)
    others, front = optuna.visualization.plot_pareto_front(theirs(two)).data
    assert {mark.values for mark in record.front} == set(zip(front.x, front.y, strict=True))
    assert {mark.values for mark in record.others} == set(zip(others.x, others.y, strict=True))


def test_a_surface_of_few_trials_is_the_mean_weighed_by_distance() -> None:
    # Ten trials at two places of x, all at one of y: Nadaraya and Watson's mean by hand, Scott's width halved.
    x, y = Dimension("x", low=0.0, high=1.0), Dimension("y", options=("a", "b"))
    trials = [trial(n, 0.2 + 0.6 * (n % 2), params={"x": float(n % 2), "y": "ab"[n // 6]}) for n in range(12)]
    record = contours.compute(study(*trials, dimensions=(x, y)))
    assert not isinstance(record, Missing)
    width = 0.5 * 12 ** (-1 / 6)
    flat = {record.x.name: 0, record.y.name: 1}
    for row, values in zip(record.rows, record.surface, strict=True):
        for column, value in zip(record.columns, values, strict=True):
            at = (column, row)[flat["x"]]
            near, far = (math.exp(-0.5 * ((at - place) / width) ** 2) for place in (0.0, 1.0))
            if value is not None:
                assert value == pytest.approx((0.2 * near + 0.8 * far) / (near + far))
            else:
                assert 3 * (near + far) < contours.NEAR
