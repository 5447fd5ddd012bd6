"""Laws of every figure in the registry: compute gives a record or a reason, draw takes the record."""

from __future__ import annotations

from dataclasses import replace

import plotly.graph_objects as go
import pytest
from markupsafe import Markup

from hpsearch import registry
from hpsearch.events import Failure
from hpsearch.reports.drawing import Drawing
from hpsearch.reports.figure import Figure, Missing
from hpsearch.reports.theme import DARK, LIGHT
from tests.reports.studies import placed, search, study, trial, weighed

STUDIES = {
    "no trial": search(0),
    "one": search(1),
    "ten": search(10),
    "thousands": search(2500, epochs=3),
    "two workers": placed(search(60)),
    "seventy workers": placed(search(300), 70),
    "minimized": replace(search(40), direction="minimize"),
    "only failures": study(*(trial(n, state="FAIL", failure=Failure.ERROR) for n in range(3))),
    "only diverged": study(*(trial(n, 0.0, failure=Failure.DIVERGED) for n in range(3))),
    "no value": study(*(trial(n, None, params={"x": 0.5}) for n in range(3))),
    "equal values": study(*(trial(n, 0.5, params={"x": n / 12}, metrics={"dev_accuracy": [0.5]}) for n in range(12))),
    "values that are zero": study(*(trial(n, 0.0, params={"x": 0.5}) for n in range(12))),
    "a value outside its range": study(*(trial(n, 0.1 * n, params={"x": n - 5.0}) for n in range(12))),
    "two objectives": weighed(search(60)),
    "three objectives": weighed(search(60), third=True),
    "thousands of two objectives": weighed(search(2500, epochs=3)),
    "two objectives, only failures": weighed(study(*(trial(n, state="FAIL", failure=Failure.ERROR) for n in range(3)))),
    "two objectives, one trial": weighed(study(trial(0, 0.5))),
    "nothing searched": study(*(trial(n, 0.1 * n) for n in range(12)), dimensions=()),
}  # fmt: skip


@pytest.mark.parametrize("name", registry.names("figure"))
@pytest.mark.parametrize("kind", STUDIES)
def test_every_figure_draws_or_says_why_not(name: str, kind: str) -> None:
    figure = registry.load("figure", name)
    assert isinstance(figure, Figure)
    record = figure.compute(STUDIES[kind])
    if isinstance(record, Missing):
        assert record.reason.endswith(".")
        return
    drawing = figure.draw(record, LIGHT)
    assert isinstance(drawing, (Drawing, Markup))
    if isinstance(drawing, Drawing):
        assert drawing.to_json()
        go.Figure(drawing.to_dict(), skip_invalid=False)  # Plotly checks each property
    assert figure.alt is not None
    said = [figure.alt(record), *(figure.notes(record) if figure.notes else ())]
    assert all(sentence.strip().endswith((".", "}")) for sentence in said)


@pytest.mark.parametrize("name", registry.names("figure"))
def test_every_figure_draws_a_full_study_with_colours_of_the_theme_alone(name: str) -> None:
    figure = registry.load("figure", name)
    record = figure.compute(weighed(placed(search(60))))  # every figure has something to show of two objectives
    assert not isinstance(record, Missing)
    drawing = figure.draw(record, DARK)
    if isinstance(drawing, Drawing):
        text = drawing.to_json().lower()
        assert not [colour for colour in LIGHT.series if colour in text]


@pytest.mark.parametrize("name", registry.names("figure"))
def test_a_study_is_drawn_the_same_each_time(name: str) -> None:
    figure = registry.load("figure", name)
    one, other = (figure.compute(study) for study in (weighed(search(60)), weighed(search(60))))
    assert one == other
