from __future__ import annotations

from pathlib import Path

import pytest

from hpsearch.tracking.pages import note_run, run_page


def test_a_run_that_was_noted_has_an_address(tmp_path: Path) -> None:
    note_run(tmp_path, "a b", "1764005400.1234567", "3", "abc")
    made = 1764005400.123457
    assert run_page(tmp_path, "a b", made, None) == "http://127.0.0.1:5000/#/experiments/3/runs/abc"
    assert run_page(tmp_path, "a b", made, "sqlite:///x.db") == "http://127.0.0.1:5000/#/experiments/3/runs/abc"
    assert run_page(tmp_path, "a b", made, "https://team/mlflow/") == "https://team/mlflow/#/experiments/3/runs/abc"


def test_a_study_that_is_not_noted_or_another_of_its_name_has_none(tmp_path: Path) -> None:
    assert run_page(tmp_path, "a", 1.0, None) is None
    note_run(tmp_path, "a", "1.0", "3", "abc")
    assert run_page(tmp_path, "a", 2.0, None) is None


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"study_id": "x", "experiment": "1", "run": "2"}', '{"study_id": "1"}']
)
def test_a_note_that_is_damaged_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "outbox").mkdir()
    (tmp_path / "outbox" / "a.mlflow.json").write_text(text)
    assert run_page(tmp_path, "a", 1.0, None) is None


def test_a_disk_that_takes_no_note_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file where the folder should be")
    note_run(tmp_path, "a", "1.0", "3", "abc")
    assert run_page(tmp_path, "a", 1.0, None) is None
