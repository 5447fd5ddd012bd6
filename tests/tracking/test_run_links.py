from __future__ import annotations

import sqlite3
from pathlib import Path

from hpsearch.tracking.run_links import run_links


def record(home: Path) -> None:
    """The tables of MLflow's that links are read from, with two studies of one name and a deleted run."""
    home.mkdir()
    with sqlite3.connect(home / "mlflow.db") as database:
        database.execute("CREATE TABLE experiments (experiment_id INTEGER, name TEXT)")
        database.execute("CREATE TABLE runs (run_uuid TEXT, experiment_id INTEGER, lifecycle_stage TEXT)")
        database.execute("CREATE TABLE tags (key TEXT, value TEXT, run_uuid TEXT)")
        database.execute("INSERT INTO experiments VALUES (7, 'digits'), (8, 'other')")
        runs = [("a", 7, "active", "0", "12.5"), ("b", 7, "active", "1", "12.5"), ("c", 7, "deleted", "2", "12.5"),
                ("d", 7, "active", "0", "99.0"), ("e", 8, "active", "0", "12.5")]  # fmt: skip
        for run, experiment, stage, number, made in runs:
            database.execute("INSERT INTO runs VALUES (?, ?, ?)", (run, experiment, stage))
            tags = [("hpsearch.trial", number, run), ("hpsearch.study_id", made, run)]
            database.executemany("INSERT INTO tags VALUES (?, ?, ?)", tags)
    database.close()


def test_each_trial_has_its_run_and_reading_leaves_nothing_behind(tmp_path: Path) -> None:
    home = tmp_path / "a home? #1"
    record(home)
    links = {0: "experiments/7/runs/a", 1: "experiments/7/runs/b"}
    assert run_links(home, "digits", 12.5) == links
    assert run_links(home, "digits", 12.5001) == links
    assert run_links(home, "digits", 13.0) == {}
    assert [path.name for path in home.iterdir()] == ["mlflow.db"]


def test_where_there_is_no_record_there_are_no_links(tmp_path: Path) -> None:
    assert run_links(tmp_path, "digits", 0.0) == {}
    (tmp_path / "mlflow.db").write_text("no database at all, but long enough to be looked at as one" * 20)
    assert run_links(tmp_path, "digits", 0.0) == {}
