"""The page's own script, run in Node with a few lines in place of a browser: what it hands to Plotly and shows."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from hpsearch.reports.page import write_page
from hpsearch.reports.theme import DARK, LIGHT
from hpsearch.search.records import Dimension, StudyRecord
from tests.reports.studies import search, study, trial
from tests.reports.test_page import evil, strings

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="the page's script is run by Node, which is not there")
RUNS = {0: "http://127.0.0.1:5000/#/experiments/1/runs/a", 1: "javascript:alert(1)"}


def run(record: StudyRecord, folder: Path, width: int, *more: str) -> Any:
    page = write_page(record, folder / "page.html", runs=RUNS)
    command = [str(NODE), str(Path(__file__).with_name("page_script.mjs")), str(page), str(width), *more]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module", params=[1056, 336], ids=["desktop", "phone"])
def said(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return {"width": request.param, **run(search(150), tmp_path_factory.mktemp("page"), request.param)}


def test_every_figure_is_as_wide_as_its_place_and_its_panels_stand_apart(said: Any) -> None:
    for figure in said["first"]:
        layout = figure["layout"]
        least = layout.get("meta", {}).get("minWidth", 0)
        assert layout["width"] == max(said["width"], least)
        domains = [
            (*layout[name]["domain"], *layout[name.replace("x", "y", 1)]["domain"])
            for name in layout
            if re.fullmatch(r"xaxis\d*", name) and "overlaying" not in layout[name] and "domain" in layout[name]
        ]
        for place, (left, right, bottom, top) in enumerate(domains):
            assert 0 <= left < right <= 1
            assert 0 <= bottom < top <= 1
            for a, b, c, d in domains[:place]:
                assert right <= a or b <= left or top <= c or d <= bottom


def test_titles_and_captions_fit_into_their_panels(said: Any) -> None:
    for figure in said["first"]:
        layout = figure["layout"]
        inner = layout["width"] - layout["margin"]["l"] - layout["margin"]["r"]
        for name, axis in layout.items():
            if re.fullmatch(r"xaxis\d*", name) and axis.get("title", {}).get("text"):
                left, right = axis.get("domain", (0, 1))
                longest = max(map(len, axis["title"]["text"].split("<br>")))
                assert longest * 0.54 * axis["title"]["font"]["size"] <= max((right - left) * inner, 90)
        for note in layout.get("annotations", []):
            if note.get("name") == "caption":
                assert max(map(len, note["text"].split("<br>"))) * 0.54 * note["font"]["size"] <= inner


def test_labels_at_the_ends_of_lines_have_room(said: Any) -> None:
    ends = 0
    for figure in said["first"]:
        layout = figure["layout"]
        inner = layout["width"] - layout["margin"]["l"] - layout["margin"]["r"]
        for note in layout.get("annotations", []):
            if note.get("name") == "end":
                axis = layout["xaxis" + note["xref"][1:]]
                low, high = axis["range"]
                room = (high - note["x"]) / (high - low) * (axis["domain"][1] - axis["domain"][0]) * inner
                needed = len(note["text"]) * 0.54 * note["font"]["size"]
                assert room >= min(needed, 0.55 * inner * (axis["domain"][1] - axis["domain"][0]))
                ends += 1
    assert ends > 5


def test_a_point_tells_all_hyperparameters_of_its_trial(said: Any) -> None:
    trace = said["first"][0]["data"][1]
    assert trace["hovertemplate"].endswith("<br>%{text}<extra></extra>")
    assert "learning rate: " in trace["text"][0]
    assert "<br>" in trace["text"][0]


def test_a_view_is_chosen_by_a_button(said: Any) -> None:
    assert said["views"] == [["Over trials", "false"], ["Over time", "true"], ["Over epochs trained", "false"]]
    assert "time since" in said["second"]["layout"]["xaxis"]["title"]["text"].replace("<br>", " ")
    assert said["second"]["data"][2]["x"] != said["first"][0]["data"][2]["x"]
    assert said["second"]["data"][1]["y"] == said["first"][0]["data"][1]["y"]


def test_the_switch_darkens_every_figure_and_paper_is_light(said: Any) -> None:
    def colours(figures: Any) -> set[str]:
        return {text for text in strings(figures) if re.fullmatch(r"#[0-9a-f]{6}", text)}

    assert LIGHT.blue in colours(said["first"])
    assert colours(said["darkened"]) <= {*vars_of(DARK)}
    assert colours(said["printed"]) <= {*vars_of(LIGHT)}


def test_on_paper_every_figure_fits_on_a_page(said: Any) -> None:
    assert len(said["printed"]) == len(said["first"]) > 8
    for figure, zoom in zip(said["printed"], said["zooms"], strict=True):
        layout = figure["layout"]
        assert layout["width"] * (zoom or 1) == pytest.approx(680)
        assert layout["height"] * (zoom or 1) <= 830
    assert any(said["zooms"])  # wider than paper: made smaller, not cut


def vars_of(theme: Any) -> list[str]:
    return [getattr(theme, name) for name in theme.__slots__]


def test_the_table_sorts_searches_and_shows_a_hundred_rows_at_a_time(said: Any) -> None:
    assert (len(said["rows"]), said["count"], said["all"]) == (100, "150 trials", 150)
    values = [float(row[2]) for row in said["down"] if row[2] != "—"]
    assert values == sorted(values, reverse=True)
    ups = [row[2] for row in said["up"]]
    assert ups[: len(values)] == sorted(ups[: len(values)], key=float)  # what is missing comes last either way
    assert said["sorted"] == "descending"
    assert said["found"]
    assert all("PRUNED" in row and "adam" in row for row in said["found"])


def test_what_was_found_is_saved_as_csv(said: Any) -> None:
    rows = list(csv.reader(io.StringIO(said["csv"].removeprefix("\ufeff"))))
    assert rows[0] == said["headings"]
    assert [["—" if cell == "" else cell for cell in row] for row in rows[1:]] == said["found"]


def test_only_addresses_of_the_web_become_links(tmp_path: Path) -> None:
    trials = [trial(0, 0.9, params={"x": 0.1}), trial(1, 0.5, params={"x": 0.2}), trial(2, 0.4, params={"x": 0.3})]
    assert run(study(*trials), tmp_path, 800)["links"] == [RUNS[0], None, None]


def test_names_reach_plotly_and_the_table_as_text_only(tmp_path: Path) -> None:
    told = run(evil(), tmp_path, 800)
    tags = {tag for text in strings(told["first"]) for tag in re.findall(r"<[^>]*>", text)}
    assert tags <= {"<br>", "<extra>", "</extra>"}
    templates = [text for text in strings(told["first"]) if "%{" in text]
    assert not [
        name
        for text in templates
        for name in re.findall(r"%{([^}:]*)", text)
        if name not in ("customdata", "x", "y", "text")
    ]


def test_a_cell_that_a_spreadsheet_would_compute_is_saved_as_text(tmp_path: Path) -> None:
    dimension = Dimension("f", options=("=1+1", 'a "b", c'))
    trials = [trial(n, 0.5, state="PRUNED", params={"f": f}, fixed={}) for n, f in enumerate(("=1+1", 'adam "b", c'))]
    told = run(study(*trials, dimensions=(dimension,)), tmp_path, 800)
    assert '"adam ""b"", c"' in told["csv"]
    assert (
        run(study(trial(0, 0.5, state="PRUNED", params={"f": "=adam"}), dimensions=(dimension,)), tmp_path, 800)["csv"]
        .rstrip()
        .endswith("'=adam")
    )
