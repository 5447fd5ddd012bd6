"""Figures of installed packages: found by entry points, in dashboards and on the page like our own."""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path
from types import ModuleType

import pytest
from markupsafe import Markup

from hpsearch import registry
from hpsearch.errors import InputError
from hpsearch.reports.dashboard import load_dashboard
from hpsearch.reports.figure import Figure
from hpsearch.reports.page import render
from hpsearch.search.records import StudyRecord
from tests.cli.command import hpsearch
from tests.reports.studies import search


@pytest.fixture(autouse=True)
def package(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A package that is as good as installed, with a figure, a thing that is none, and one that cannot be imported."""
    module = ModuleType("spread_package", "How far apart the values are.\n\nMore.")

    def compute(study: StudyRecord, *, digits: int = 2) -> int:
        return len(study.trials)

    compute.__module__ = "spread_package"
    module.figure = Figure(compute, lambda record, theme: Markup("<p>{} trials</p>").format(record))  # type: ignore[attr-defined]
    module.other = 5  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "spread_package", module)
    points = [
        metadata.EntryPoint(name, value, "hpsearch.figure")
        for name, value in {
            "spread": "spread_package:figure", "number": "spread_package:other", "broken": "no_such_package:figure",
            "slices": "spread_package:figure",
        }.items()
    ]  # fmt: skip
    found = {"hpsearch.figure": points, "hpsearch.metric": points}
    monkeypatch.setattr(metadata, "entry_points", lambda group: found.get(group, []))
    return module


def dashboard(folder: Path, figure: str, options: str = "{}") -> str:
    path = folder / "page.yaml"
    path.write_text(f"figures:\n  - figure: {figure}\n    title: Spread\n    options: {options}\n")
    return str(path)


def test_a_figure_of_a_package_is_on_the_page(tmp_path: Path) -> None:
    assert registry.names("figure")[-3:] == ["broken", "number", "spread"]
    assert "<p>7 trials</p>" in render(search(7), load_dashboard(dashboard(tmp_path, "spread")))
    with pytest.raises(InputError, match="spread has no option 'digit'; did you mean 'digits'"):
        load_dashboard(dashboard(tmp_path, "spread", "{digit: 3}"))


def test_a_name_of_our_own_stays_ours() -> None:
    assert registry.load("figure", "slices").compute.__module__ == "hpsearch.reports.figures.slices"


def test_what_is_wrong_with_a_package_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"page\.yaml:2: number is not a figure"):
        load_dashboard(dashboard(tmp_path, "number"))
    with pytest.raises(InputError, match=r"page\.yaml:2: figure 'broken' of an installed package"):
        load_dashboard(dashboard(tmp_path, "broken"))
    with pytest.raises(InputError, match="did you mean 'spread'"):
        load_dashboard(dashboard(tmp_path, "spred"))


def test_other_tables_are_closed() -> None:
    assert registry.names("metric") == list(registry.TABLES["metric"])


def test_figures_lists_each_with_its_line_and_options(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = [point for point in metadata.entry_points(group="hpsearch.figure") if point.name == "spread"]
    monkeypatch.setattr(metadata, "entry_points", lambda group: kept)
    result = hpsearch("figures")
    assert (result.code, result.err) == (0, "")
    lines = result.out.splitlines()
    names = [line.split()[0] for line in lines if not line.startswith(" ")]
    assert names == [*registry.TABLES["figure"], "spread"]
    assert lines[-2].split(maxsplit=1) == ["spread", "How far apart the values are."]
    assert any(line.strip() == "best: whole number from 1 to 8, 6 if not said" for line in lines)
    assert all(line.split(maxsplit=1)[1].endswith(".") for line in lines if not line.startswith(" "))
