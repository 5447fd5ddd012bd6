"""A grid, random search and TPE side by side: they are the same size, and a grid covers fewer values."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks.layouts import FILE, SAMPLERS, main, stairs
from hpsearch.reports.comparisons.progress import Line
from hpsearch.space.load import load_study


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_all_layouts_have_as_many_trials_over_the_same_ranges(sampler: str) -> None:
    study = load_study(FILE, [f"search.sampler={sampler}"])
    assert study.total == 25
    assert list(study.space.searched) == ["learning_rate", "l2"]


def test_a_step_line_becomes_corners() -> None:
    band = stairs(Line((1, 3), (0.5, 0.8), (0.4, 0.7), (0.6, 0.9)))
    assert list(zip(band.times, band.middle, strict=True)) == [(1, 0.5), (3, 0.5), (3, 0.8)]
    assert (list(band.least), list(band.most)) == ([0.4, 0.4, 0.7], [0.6, 0.6, 0.9])


@pytest.mark.slow
def test_it_runs_all_of_them_and_says_what_a_grid_does_not_cover(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    small = ["--set", "hyperparameters.epochs=1", "--seeds", "2", "--home", str(tmp_path / "home")]
    assert main([*small, "--output", str(tmp_path)]) == 0
    out, _ = capfd.readouterr()
    rows = {line.split()[0]: line.split()[1:] for line in out.splitlines() if line.startswith(("learning_rate", "l2"))}
    assert rows == {"learning_rate": ["5", "25", "25"], "l2": ["5", "25", "25"]}
    drawn = ElementTree.parse(tmp_path / "layouts.svg").getroot()
    assert len(drawn.findall(".//{http://www.w3.org/2000/svg}polyline")) == 3
