from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from plotly.offline import get_plotlyjs

from hpsearch.errors import InputError
from hpsearch.events import Failure, Scalar
from hpsearch.reports.dashboard import load_dashboard
from hpsearch.reports.page import link_runs, render, write_page
from hpsearch.search.records import Dimension, StudyRecord
from tests.reports.studies import placed, search, study, trial

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)><b>%{x}&amp;"


class Parsed(HTMLParser):
    """The tags of a page with their attributes, its scripts by type, and its text outside of them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[tuple[str | None, str]] = []
        self.text = ""
        self._inside: str | None = None
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append((dict(attrs).get("type"), ""))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = None

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            kind, text = self.scripts[-1]
            self.scripts[-1] = (kind, text + data)
        elif self._inside != "style":
            self.text += data


def page(record: StudyRecord) -> Parsed:
    return Parsed(render(record, load_dashboard("study")))


def figures(parsed: Parsed) -> list[dict[str, Any]]:
    """The figures of a page as plotly.js gets them."""
    found = [json.loads(text) for kind, text in parsed.scripts if kind == "application/json"]
    return [figure for figure in found if "data" in figure]


def strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for part in parts for text in strings(part)]


def evil() -> StudyRecord:
    params: list[dict[str, Scalar]] = [
        {EVIL: EVIL if number % 2 else "other", "x": number / 20} for number in range(12)
    ]
    metrics = {EVIL: [0.1, 0.2], "train_loss": [1.0, 0.5], "dev_loss": [1.0, 0.5]}
    return study(
        *(trial(n, 0.5 + n / 100, params=params[n], fixed={"k" + EVIL: EVIL}, metrics=metrics) for n in range(12)),
        trial(12, state="FAIL", failure=Failure.ERROR, message=EVIL),
        dimensions=(Dimension(EVIL, options=(EVIL, "other")), Dimension("x", low=0.0, high=1.0)),
        name=EVIL,
        metric=EVIL,
        sampler=EVIL,
        pruner=EVIL,
        study_file=EVIL,
    )


def test_a_page_asks_nothing_of_a_network() -> None:
    parsed = page(search(30))
    loading = {"src", "href", "srcset", "action", "data", "poster"}
    asked = [attributes for _, attributes in parsed.tags if loading & set(attributes)]
    assert [attributes.get("href") for attributes in asked] == ["#figures"]
    assert not {tag for tag, _ in parsed.tags} & {"link", "img", "iframe", "object", "embed", "base", "form"}
    ours = [text for _, text in parsed.scripts if text != get_plotlyjs()]
    assert not any("//" in text.replace("// ", "") for text in ours)


def test_plotly_is_there_exactly_once() -> None:
    assert [text for _, text in page(search(5)).scripts].count(get_plotlyjs()) == 1


def test_the_policy_allows_the_two_scripts_of_the_page_and_no_network() -> None:
    parsed = page(search(5))
    policies = [attributes["content"] for _, attributes in parsed.tags if attributes.get("http-equiv") is not None]
    assert len(policies) == 1
    policy = policies[0] or ""
    assert policy.startswith("default-src 'none'")
    assert "connect-src" not in policy
    assert "'unsafe-inline'" not in policy.split("style-src")[0]
    executed = [text for kind, text in parsed.scripts if kind is None]
    assert len(executed) == 2
    for text in executed:
        assert base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() in policy


def test_names_values_and_messages_are_text_and_never_markup() -> None:
    parsed = page(evil())
    assert [text for kind, text in parsed.scripts if kind is None and "alert" in text] == []
    assert not {tag for tag, _ in parsed.tags} & {"img"}
    assert not [name for _, attributes in parsed.tags for name in attributes if name.startswith("on")]
    assert EVIL in parsed.text
    shown = figures(parsed)
    assert len(shown) == 10
    tags = {tag for text in strings(shown) for tag in re.findall(r"<[^>]*>", text)}
    assert tags <= {"<br>", "<extra>", "</extra>"}
    templates = [text for text in strings(shown) if "%{" in text]
    assert all("img" not in text for text in templates)


@pytest.mark.parametrize(("count", "reasons"), [(0, 15), (1, 7), (40, 1)])
def test_a_page_says_in_words_what_it_cannot_draw(count: int, reasons: int) -> None:
    parsed = page(search(count))
    missing = [tag for tag, attributes in parsed.tags if attributes.get("class") == "missing"]
    cards = [attributes for tag, attributes in parsed.tags if tag == "section" and attributes.get("class") == "card"]
    assert len(cards) == 16
    assert len(missing) == reasons


def test_a_study_without_any_value_has_its_table_all_the_same() -> None:
    parsed = page(study(*(trial(number, None, params={"x": 0.5}) for number in range(3))))
    assert [figure["data"][0]["name"] for figure in figures(parsed) if "name" in figure["data"][0]] == ["complete 3"]
    (rows,) = (json.loads(text) for kind, text in parsed.scripts if kind == "application/json" and '"best":' in text)
    assert rows["columns"][0]["cells"] == [0, 1, 2]


def test_the_page_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "reports" / "digits.html"
    assert write_page(search(3), path) == path
    before = path.read_text(encoding="utf-8")
    assert before.endswith("</html>")
    with pytest.raises(InputError):
        write_page(search(3), path, dashboard="nothing")
    assert path.read_text(encoding="utf-8") == before
    assert [file.name for file in path.parent.iterdir()] == ["digits.html"]


def test_a_name_that_no_encoding_knows_is_still_written(tmp_path: Path) -> None:
    path = write_page(study(trial(0, 0.5, params={"x": 0.1}), name="a\udc80b"), tmp_path / "page.html")
    assert "a?b" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(("count", "megabytes"), [(1000, 5.8), (10_000, 8.0)])
def test_a_page_of_many_trials_stays_small(count: int, megabytes: float) -> None:
    assert len(render(placed(search(count, epochs=3)), load_dashboard("study")).encode()) < megabytes * 1e6


def test_a_page_that_is_given_its_links_later_is_the_page_that_had_them(tmp_path: Path) -> None:
    name = '<script type="application/json" id="runs">{}</script>'  # escaped wherever the page shows it
    made = study(trial(0, 0.9), trial(1, 0.8), name=name)
    runs = {0: "http://here/#/experiments/1/runs/a", 1: "javascript:alert(1)"}
    whole = write_page(made, tmp_path / "whole.html", runs=runs).read_bytes()
    later = write_page(made, tmp_path / "later.html")
    assert later.read_bytes() != whole
    link_runs(later, runs)
    assert later.read_bytes() == whole


def test_what_is_no_page_is_given_no_links(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text("nothing to see")
    link_runs(file, {0: "http://here/"})
    assert file.read_text() == "nothing to see"
