"""Laws of every figure of a comparison in the registry, and of the page that they make."""

from __future__ import annotations

import plotly.graph_objects as go
import pytest
from markupsafe import Markup

from hpsearch import registry
from hpsearch.reports.comparison import Comparison
from hpsearch.reports.comparison_page import render
from hpsearch.reports.dashboard import load_dashboard
from hpsearch.reports.figure import Figure, Missing
from hpsearch.reports.theme import DARK, LIGHT
from tests.reports.comparisons.contestants import comparison, contestant, two
from tests.reports.test_page import EVIL, Parsed, figures, strings

NAMES = registry.names("comparison")
CASES = {
    "one with one repeat": comparison(contestant("one", [0.5, 0.6])),
    "two": two(target=0.8),
    "all of each": two(trials=0),
    "a target that nobody reaches": two(target=2.0),
    "no trial": comparison(contestant("one", []), contestant("other", [])),
    "no value": comparison(contestant("one", [None], [None]), contestant("other", [None], [None])),
    "one without a value": comparison(contestant("one", [0.5], [0.6]), contestant("other", [None], [None])),
    "equal values": comparison(*(contestant(f"c{n}", [0.5], [0.5], [0.5]) for n in range(3)), target=0.5),
    "no common seed": comparison(contestant("one", [0.5], [0.6]), contestant("other", [0.5], [0.7], first_seed=4)),
    "minimized": comparison(*(contestant(n, [0.5, 0.3], [0.4, 0.2], direction="minimize") for n in "ab")),
    "eight": comparison(*(contestant(f"c{n}", [0.1 * n, 0.5], [0.6]) for n in range(8))),
    "no seconds": comparison(contestant("one", [0.5], seconds=0.0)),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("case", CASES)
def test_every_figure_draws_or_says_why_not(name: str, case: str) -> None:
    figure = registry.load("comparison", name)
    assert isinstance(figure, Figure)
    record = figure.compute(CASES[case])
    if isinstance(record, Missing):
        assert record.reason.endswith(".")
        return
    drawing = figure.draw(record, LIGHT)
    if not isinstance(drawing, Markup):
        go.Figure(drawing.to_dict())  # refuses what plotly does not know
        assert drawing.to_json()


@pytest.mark.parametrize("name", NAMES)
def test_colours_are_those_of_the_theme_alone(name: str) -> None:
    figure = registry.load("comparison", name)
    drawing = figure.draw(figure.compute(CASES["two"]), DARK)
    if not isinstance(drawing, Markup):
        assert not [colour for colour in LIGHT.series if colour in drawing.to_json().lower()]


@pytest.mark.parametrize("name", NAMES)
def test_a_comparison_is_drawn_the_same_each_time(name: str) -> None:
    figure = registry.load("comparison", name)
    assert figure.compute(two(target=0.8)) == figure.compute(two(target=0.8))


def page(made: Comparison) -> Parsed:
    return Parsed(render(made, load_dashboard("compare", "comparison")))


def test_the_packaged_dashboard_shows_every_figure_once() -> None:
    dashboard = load_dashboard("compare", "comparison")
    assert sorted(card.figure for card in dashboard.figures) == sorted(NAMES)
    assert all(card.title for card in dashboard.figures)


def test_a_page_has_every_contestant_and_asks_nothing_of_a_network() -> None:
    parsed = page(two(target=0.8))
    assert "one against other" in parsed.text
    assert len(figures(parsed)) == 6
    loading = {"src", "href", "srcset", "action", "data", "poster"}
    assert [attributes for _, attributes in parsed.tags if loading & set(attributes)] == [
        {"class": "skip", "href": "#figures"}
    ]
    assert [tag for tag, attributes in parsed.tags if attributes.get("class") == "missing"] == []


def test_a_page_says_in_words_what_it_cannot_draw_and_what_does_not_count() -> None:
    parsed = page(comparison(contestant("one", [0.5, 0.6]), contestant("other", [0.5])))
    assert len([tag for tag, attributes in parsed.tags if attributes.get("class") == "missing"]) == 4
    assert "Of each, the first trial counts: other-s0 has 1, one-s0 has 2." in parsed.text


def test_names_are_text_and_never_markup() -> None:
    parsed = page(comparison(contestant(EVIL, [0.5], [0.6]), contestant("b" + EVIL, [0.7], [0.8])))
    assert not {tag for tag, _ in parsed.tags} & {"img", "b"}
    assert all("<img" not in text for text in strings(figures(parsed)))
