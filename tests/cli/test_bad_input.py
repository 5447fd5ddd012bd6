"""Bad input: one line on stderr, exit code 2, no traceback, nothing made."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.command import hpsearch, run_process, write_study
from tests.space import test_bad_study_files as bad_files


@pytest.mark.parametrize("what", bad_files.BAD)
@pytest.mark.parametrize("command", ["run", "validate"])
def test_a_bad_study_file_gets_its_line_from_the_command(command: str, what: str, tmp_path: Path) -> None:
    text, message = bad_files.BAD[what]
    file = tmp_path / "study.yaml"
    file.write_text(text, encoding="utf-8")
    home = [] if command == "validate" else ["--home", tmp_path / "home"]
    result = hpsearch(command, file, *home)
    assert (result.code, result.out) == (2, "")
    assert result.err == f"error: {file}{message}\n"
    assert [path.name for path in tmp_path.iterdir()] == ["study.yaml"]


@pytest.mark.parametrize("what", ["a tag that would build a Python object", "a tab as indentation"])
def test_the_same_comes_from_a_process(what: str, tmp_path: Path) -> None:
    text, message = bad_files.BAD[what]
    (tmp_path / "study.yaml").write_text(text, encoding="utf-8")
    result = run_process("run", "study.yaml", cwd=tmp_path)
    assert (result.code, result.out, result.err) == (2, "", f"error: study.yaml{message}\n")
    assert [path.name for path in tmp_path.iterdir()] == ["study.yaml"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-n", "many"], "search.trials"),
        (["-n", "0"], "search.trials"),
        (["--sampler", "tep"], "did you mean 'tpe'?"),
        (["--pruner", "hyper"], "search.pruner"),
        (["--timeout", "10 parsecs"], "search.timeout"),
        (["--seed", "-1"], "search.seed"),
        (["--set", "search.trails=3"], "did you mean 'trials'?"),
        (["--set", "nonsense"], "PATH=VALUE"),
        (["--set", "name=../../up"], "name"),
        (["--devices", "cuda:77"], "there is no cuda:77"),
        (["--devices", "cpu,cuda:77"], "there is no cuda:77"),
        (["--stop", "best=1"], "--stop best=1: there is no such condition"),
        (["--stop", "target"], "--stop target: there is no such condition"),
        (["--stop", "patience=no"], "search.patience"),
        (["--set", "data.split={train: 0.998, dev: 0.001, test: 0.001}"], "can't be split"),
        (["--storage", "nonsense"], "--storage"),
        (["--storage", "sqlite:////no/such/folder/s.db"], "--storage sqlite:"),
        (["--storage", "nodialect://user:secret@host/db"], "--storage nodialect://user:***@host/db"),
        (["--set", "hyperparameters.l2={low: 0.0, high: 0.1, points: 10000}", "--sampler", "grid"], "cells"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_bad_flag_gets_one_line_and_nothing_is_made(arguments: list[str], said: str, tmp_path: Path) -> None:
    study, home = write_study(tmp_path), tmp_path / "home"
    result = hpsearch("run", study, "--home", home, "-q", *arguments)
    assert (result.code, result.out, len(result.lines)) == (2, "", 1)
    assert result.err.startswith("error: ")
    assert said in result.err
    assert not home.exists()


def test_a_missing_file_gets_a_did_you_mean() -> None:
    result = hpsearch("run", "digit_mlp")
    assert (result.code, result.lines) == (
        2,
        ["error: digit_mlp: there is no such study file; did you mean 'digits_mlp'?"],
    )


def test_a_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.write_text("mine")
    result = hpsearch("run", write_study(tmp_path), "--home", home)
    assert (result.code, len(result.lines)) == (2, 1)
    assert "is a file" in result.err
    assert home.read_text() == "mine"


def test_a_home_that_takes_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    home = tmp_path / "file" / "home"
    result = hpsearch("run", write_study(tmp_path), "--home", home, "-q")
    assert (result.code, result.lines) == (2, [f"error: --home {home}: cannot be written: Not a directory"])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_home_without_the_right_to_write_is_refused(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o500)
    result = hpsearch("run", write_study(tmp_path), "--home", home, "-q")
    assert (result.code, result.lines) == (2, [f"error: --home {home}: cannot be written: Permission denied"])


@pytest.mark.parametrize("command", ["status", "trials", "best", "report", "resume"])
def test_an_unknown_study_gets_a_did_you_mean(command: str, read_home: Path) -> None:
    result = hpsearch(command, "smal", "--home", read_home)
    assert (result.code, result.out) == (2, "")
    assert result.lines == ["error: there is no study 'smal'; did you mean 'small'?"]


@pytest.mark.parametrize(
    "command", [["status"], ["status", "x"], ["trials", "x"], ["best", "x"], ["show", "x", "0"], ["resume", "x"]]
)
def test_reading_where_nothing_is_makes_nothing(command: list[str], tmp_path: Path) -> None:
    for where in (["--home", tmp_path / "home"], ["--storage", f"sqlite:///{tmp_path}/s.db"]):
        result = hpsearch(*command, *where)
        assert (result.code, result.out, len(result.lines)) == (2, "", 1)
    assert [path.name for path in tmp_path.iterdir()] == []


def test_an_empty_workspace_has_no_studies(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert hpsearch("studies", "--home", home).out == f"no studies in {home} yet\n"
    assert hpsearch("studies", "--home", home, "--format", "json").json == []
    assert hpsearch("studies", "--home", home, "--format", "csv").out == ""
    assert not home.exists()
