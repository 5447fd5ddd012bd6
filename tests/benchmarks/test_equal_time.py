"""Quality at equal time: what counts when, the table's means, and a figure that can be read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import pytest
from rich.console import Console

from benchmarks import equal_time
from benchmarks.band_chart import Band, draw
from benchmarks.equal_time import COMMON, OURS, Runs, band, figure, table, verdict
from benchmarks.tracked import Points

RUNS: Runs = {
    OURS: {0: ((10.0, 0.80), (30.0, 0.90)), 1: ((20.0, 0.82), (90.0, 0.88))},
    COMMON: {0: ((15.0, 0.85),), 1: ((50.0, 0.88),)},
}
SVG = "{http://www.w3.org/2000/svg}"


def test_the_table_has_each_seed_and_the_mean_of_all() -> None:
    console = Console(width=200)
    with console.capture() as captured:
        console.print(table(RUNS, 100.0))
    lines = captured.get().splitlines()
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in lines if "│" in line]
    assert rows[0] == ["0", "0.8000", "0.8500", "0.9000", "0.8500", "0.9000", "0.8500"]
    assert rows[1] == ["1", "0.8200", "-", "0.8200", "-", "0.8800", "0.8800"]
    assert rows[-1] == ["mean", "0.8100", "-", "0.8600", "-", "0.8900", "0.8650"]


def test_the_verdict_counts_seeds_and_a_tie_for_nobody() -> None:
    assert verdict(RUNS, 100.0) == (
        f"after 100 s: {OURS} 0.8900, {COMMON} 0.8650 on average over 2 seeds; {OURS} is ahead for 1 and behind for 0"
    )
    empty: Runs = {OURS: {0: ()}, COMMON: {0: ((1.0, 0.5),)}}
    assert verdict(empty, 9.0) == (
        f"after 9 s: {OURS} -, {COMMON} 0.5000 on average over 1 seeds; {OURS} is ahead for 0 and behind for 1"
    )


def test_a_band_begins_when_every_seed_has_a_value() -> None:
    found = band(RUNS[OURS], 100.0)
    assert found is not None
    assert found.times[0] == pytest.approx(20.0)
    assert (found.least[0], found.middle[0], found.most[0]) == (0.80, 0.81, 0.82)
    assert (found.least[-1], found.middle[-1], found.most[-1]) == pytest.approx((0.88, 0.89, 0.90))
    assert band({0: ()}, 100.0) is None


def test_the_figure_names_both_lines_apart_from_each_other() -> None:
    drawn = ElementTree.fromstring(figure(RUNS, 100.0))
    names = {text.text: float(text.get("y", "")) for text in drawn.iter(f"{SVG}text")}
    assert abs(names[OURS] - names[COMMON]) >= 18
    assert len(list(drawn.iter(f"{SVG}polyline"))) == len(list(drawn.iter(f"{SVG}polygon"))) == 2
    assert figure({OURS: {0: ()}, COMMON: {0: ()}}, 100.0) == ""


def test_a_chart_draws_a_rise_upwards_and_later_to_the_right() -> None:
    drawn = ElementTree.fromstring(draw("t", "s", {"a <b>": Band([0, 10], [1, 2], [1, 3], [2, 4])}))
    (line,) = drawn.iter(f"{SVG}polyline")
    (x1, y1), (x2, y2) = ((float(n) for n in point.split(",")) for point in line.get("points", "").split())
    assert x2 > x1
    assert y2 < y1


def test_the_command_runs_both_ways_for_each_seed_and_writes_what_came_of_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said: list[tuple[str, int]] = []

    def fake(way: str, seed: int, seconds: float, file: str, overrides: Sequence[str], home: Path) -> Points:
        said.append((way, seed))
        return RUNS[way][seed]

    monkeypatch.setattr(equal_time, "run", fake)
    assert equal_time.main(["--seconds", "100", "--seeds", "2", "--output", str(tmp_path / "figures")]) == 0
    assert said == [(OURS, 0), (COMMON, 0), (COMMON, 1), (OURS, 1)]
    written = json.loads((tmp_path / "figures" / "equal_time.json").read_text())
    assert written["runs"][OURS]["1"] == [[20.0, 0.82], [90.0, 0.88]]
    assert (tmp_path / "figures" / "equal_time.svg").read_text().startswith("<svg")
    assert "ahead for 1" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of SQLAlchemy, for what MLflow does
@pytest.mark.parametrize("way", [OURS, COMMON])
def test_a_search_ends_with_its_time(way: str, tmp_path: Path) -> None:
    found = equal_time.run(way, 0, 60.0, "digits_mlp", [], tmp_path / "home")
    assert found
    assert all(0 < seconds <= 60.0 for seconds, _ in found)
