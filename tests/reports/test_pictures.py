from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import pytest

from hpsearch.errors import HpsearchError, InputError
from hpsearch.reports.pictures import write_pictures
from tests.reports.studies import search


def kaleido(monkeypatch: pytest.MonkeyPatch, draw: Any) -> None:
    """As if kaleido were installed, and `draw` in the place of what it does."""
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name if name == "kaleido" else found(name))
    monkeypatch.setattr(go.Figure, "to_image", draw)


def test_each_figure_becomes_a_file_in_the_order_of_the_dashboard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kaleido(monkeypatch, lambda self, **how: f"{how['format']} of {len(self.data)}".encode())
    paths = write_pictures(search(40), tmp_path / "new", "svg")
    assert [path.name for path in paths[:3]] == ["01-best_so_far.svg", "02-learning_curves.svg", "03-importances.svg"]
    assert not [path for path in paths if "trials_table" in path.name]
    assert paths[0].read_text() == "svg of 4"
    assert sorted(paths) == sorted((tmp_path / "new").iterdir())


def test_without_kaleido_there_is_one_line_and_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(HpsearchError, match="pictures need kaleido, which is not installed: install"):
        write_pictures(search(40), tmp_path / "new", "png")
    with pytest.raises(InputError, match="there is no dashboard"):
        write_pictures(search(40), tmp_path / "new", "png", "nothing")
    assert list(tmp_path.iterdir()) == []


def test_a_browser_that_is_missing_is_one_line_and_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Any, **how: Any) -> bytes:
        raise RuntimeError("Kaleido requires Google Chrome\nto be installed")

    kaleido(monkeypatch, fail)
    with pytest.raises(HpsearchError) as caught:
        write_pictures(search(40), tmp_path / "new", "png")
    assert str(caught.value).startswith("kaleido could not draw best_so_far: Kaleido requires Google Chrome to be")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(importlib.util.find_spec("kaleido") is None, reason="kaleido is not installed")
@pytest.mark.slow
def test_a_picture_is_a_picture(tmp_path: Path) -> None:
    paths = write_pictures(search(20), tmp_path, "png")
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in paths)
