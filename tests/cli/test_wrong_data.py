"""Wrong data: one clear line, exit code 2, and nothing is made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.command import hpsearch, run_process, snapshot

STUDY = """
name: s
data: {{{data}}}
hyperparameters: {{depth: [1, 2], epochs: 1, {more}}}
objective: {{metric: {metric}}}
"""
TABLE = "city,size,price\n" + "Oslo,1,10.5\nBergen,2,20.5\nOslo,3,12.5\nLom,4,14.5\nLom,5,14.5\nLom,6,13.5\n" * 3
CSV = "name: csv, path: t.csv, target: price, categorical: [city]"

WRONG = {
    "a missing file": ("name: csv, path: no.csv, target: y", "data.path: there is no file {folder}/no.csv"),
    "a missing folder": ("name: mnist, path: no", "data.path: there is no folder {folder}/no"),
    "another length": ("name: npz, path: short.npz", "x has 9 samples, but y has 8"),
    "NaN in the features": ("name: npz, path: nan.npz", "data npz: the features of sample 3 hold NaN"),
    "one class only": ("name: npz, path: one.npz", "y: there is one class only: '1'"),
    "text that is not declared": (
        "name: csv, path: t.csv, target: price",
        "column 'city' holds text such as 'Oslo': name it under data.categorical",
    ),
    "an empty part": ("name: digits, split: {train: 0.9998, dev: 0.0001, test: 0.0001}", "can't be split so"),
    "a metric of another task": (CSV, "objective.metric: dev_accuracy is not for regression"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "t.csv").write_text(TABLE)
    x = np.random.default_rng(0).normal(size=(9, 2))
    arrays: dict[str, dict[str, Any]] = {
        "short": {"x": x, "y": np.arange(8) % 2},
        "nan": {"x": np.where(np.arange(9)[:, None] == 2, np.nan, x), "y": np.arange(9) % 2},
        "one": {"x": x, "y": np.ones(9, dtype=np.int64)},
    }
    for name, content in arrays.items():
        np.savez(tmp_path / f"{name}.npz", **content)
    return tmp_path


def write(folder: Path, data: str, metric: str = "dev_accuracy", more: str = "") -> Path:
    study = folder / "study.yaml"
    study.write_text(STUDY.format(data=data, metric=metric, more=more))
    return study


@pytest.mark.parametrize("what", WRONG)
def test_wrong_data_gets_one_line_and_nothing_is_made(what: str, folder: Path) -> None:
    data, said = WRONG[what]
    study = write(folder, data)
    before = snapshot(folder)
    result = hpsearch("run", study, "--home", folder / "home")
    assert (result.code, result.out, len(result.lines)) == (2, "", 1)
    assert result.err.startswith("error: ")
    assert said.format(folder=folder) in result.err
    assert snapshot(folder) == before


def test_a_mistake_in_the_data_section_is_told_with_its_line_and_without_loading_anything(folder: Path) -> None:
    study = folder / "study.yaml"
    study.write_text("name: s\ndata:\n  name: digits\n  target: price\nhyperparameters: {depth: 2}\n")
    result = run_process("validate", study)
    assert (result.code, result.err) == (2, f"error: {study}:4: data.target: data digits takes none\n")


def test_a_dry_run_reads_no_data(folder: Path) -> None:
    result = hpsearch("run", write(folder, "name: csv, path: no.csv, target: y"), "--dry-run")
    assert (result.code, result.err) == (0, "")


@pytest.mark.usefixtures("light_runs")
def test_a_table_is_found_beside_its_study_file_and_trained_on(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = write(folder, CSV, "dev_mae", "batch_size: 4")
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    result = hpsearch("run", study, "--home", folder / "home", "-n", "2")
    assert result.code == 0, result.err
    assert "best dev_mae" in result.out + result.err


@pytest.mark.usefixtures("light_runs")
def test_a_study_goes_on_although_its_folder_has_moved(folder: Path) -> None:
    study = write(folder, CSV, "dev_mae", "batch_size: 4")
    assert hpsearch("run", study, "--home", folder / "home", "-n", "1").code == 0
    moved = folder / "moved"
    moved.mkdir()
    for name in ("study.yaml", "t.csv"):
        (folder / name).rename(moved / name)
    result = hpsearch("run", moved / "study.yaml", "--home", folder / "home", "-n", "2")
    assert result.code == 0, result.err


@pytest.mark.usefixtures("light_runs")
def test_parts_that_are_not_alike_are_warned_of_when_a_run_starts(folder: Path) -> None:
    rng = np.random.default_rng(0)
    for name, mean in (("a", 0.0), ("b", 3.0)):
        np.savez(folder / f"{name}.npz", x=rng.normal(mean, size=(200, 2)), y=np.arange(200) % 2)
    study = write(folder, "name: npz, path: a.npz, dev_path: b.npz")
    result = hpsearch("run", study, "--home", folder / "home", "-n", "1")
    assert result.code == 0
    (told,) = [line for line in result.lines if line.startswith("warning: ")]
    assert "train and dev are not alike: dev is shifted in feature" in told


def test_a_study_does_not_go_on_with_data_that_have_changed(folder: Path) -> None:
    study, home = write(folder, CSV, metric="dev_mae"), folder / "home"
    assert hpsearch("run", study, "--home", home, "-n", "2", "-q").code == 0
    before = (home / "optuna.journal").read_bytes()
    (folder / "t.csv").write_text(TABLE.replace("10.5", "11.5"))
    result = hpsearch("run", study, "--home", home, "-n", "3", "-q")
    assert (result.code, len(result.lines)) == (2, 1)
    assert "study 's' is there already, and its data have changed since" in result.err
    assert (home / "optuna.journal").read_bytes() == before
    (folder / "t.csv").write_text(TABLE)
    assert hpsearch("run", study, "--home", home, "-n", "3", "-q").code == 0
