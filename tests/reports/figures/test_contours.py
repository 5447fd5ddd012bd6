from __future__ import annotations

import random

from hpsearch.reports.figure import Missing
from hpsearch.reports.figures.contours import Contours, alt, compute, draw
from hpsearch.reports.theme import LIGHT
from hpsearch.search.records import Dimension, StudyRecord
from tests.reports.studies import study, trial

X, Y, Z = Dimension("x", low=0.0, high=1.0), Dimension("y", low=1e-3, high=1.0, log=True), Dimension("z", low=0, high=1)
KIND = Dimension("kind", options=("a", "b"))


def peak(dimensions: tuple[Dimension, ...], direction: str = "maximize") -> StudyRecord:
    """Two hundred trials whose value is best at x = 0.75, y = 10^-1.5; z does nothing."""
    generator = random.Random(0)
    trials = []
    for number in range(200):
        x, y, z = generator.random(), generator.random(), generator.random()
        value = 1 - (x - 0.75) ** 2 - (y - 0.5) ** 2
        kind = "a" if y < 0.5 else "b"
        sign = 1 if direction == "maximize" else -1
        trials.append(trial(number, sign * value, params={"x": x, "y": 1e-3 * 1e3**y, "z": z, "kind": kind}))
    return study(*trials, dimensions=dimensions, direction=direction)


def best_place(record: Contours) -> tuple[float, float]:
    sign = 1 if record.direction == "maximize" else -1
    _, row, column = max(
        (sign * value, row, column)
        for row, values in enumerate(record.surface)
        for column, value in enumerate(values)
        if value is not None
    )
    return record.columns[column], record.rows[row]


def test_the_surface_of_the_two_that_matter_is_best_at_the_planted_peak() -> None:
    for direction in ("maximize", "minimize"):
        record = compute(peak((Z, X, Y), direction))
        assert isinstance(record, Contours)
        assert {record.x.name, record.y.name} == {"x", "y"}
        places = dict(zip((record.x.name, record.y.name), best_place(record), strict=True))
        assert 0.55 < places["x"] < 0.95
        assert 0.01 < places["y"] < 0.1
        assert draw(record, LIGHT).data[0].type == "contour"


def test_the_best_trial_is_shown_however_few_are() -> None:
    for most in (10, 30):
        made = peak((X, Y))
        record = compute(made, most=most)
        assert isinstance(record, Contours)
        assert made.best is not None
        assert made.best.number in [number for number, _, _ in record.points]
        assert [trace.marker.symbol for trace in draw(record, LIGHT).data].count("star") == 1


def test_options_are_cells_and_do_not_colour_each_other() -> None:
    values = {("a", 0): 1.0, ("a", 1): 2.0, ("b", 0): 3.0, ("b", 1): 4.0}
    other = Dimension("other", options=(0, 1))
    trials = [
        trial(10 * turn + n, value, params={"kind": kind, "other": which})
        for turn in range(3)
        for n, ((kind, which), value) in enumerate(values.items())
    ]
    record = compute(study(*trials, dimensions=(KIND, other)))
    assert isinstance(record, Contours)
    names = (record.x.name, record.y.name)
    for row, along in enumerate(record.surface):
        for column, value in enumerate(along):
            place = dict(zip(names, (column, row), strict=True))
            assert value == values["ab"[place["kind"]], place["other"]]
    assert draw(record, LIGHT).data[0].type == "heatmap"
    assert alt(record).startswith("The dev accuracy over ")


def test_places_without_trials_near_them_are_empty() -> None:
    trials = [trial(n, n / 20, params={"x": 0.01 * n, "y": 1e-3}) for n in range(20)]
    record = compute(study(*trials, dimensions=(X, Y)))
    assert isinstance(record, Contours)
    corner = dict(zip((record.x.name, record.y.name), (-1, -1), strict=True))
    assert record.surface[corner["y"]][corner["x"]] is None


def test_one_hyperparameter_is_a_reason() -> None:
    record = compute(study(*(trial(n, n / 20, params={"x": n / 20}) for n in range(20)), dimensions=(X,)))
    assert record == Missing("Fewer than two searched hyperparameters vary.")
