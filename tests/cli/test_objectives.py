"""A study of two objectives within limits, from its file to its front, by the command."""

from __future__ import annotations

import csv
import io
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.command import hpsearch, light, outcome, run_process, trials

STUDY = """
name: small
data: digits
hyperparameters:
  depth: {{low: 1, high: 2}}
  width: {{low: 4, high: 64, log: true}}
  learning_rate: {{low: 1e-3, high: 1e-1, log: true}}
  batch_size: 256
  epochs: {epochs}
objective: [{{metric: dev_accuracy}}, {{metric: parameters}}]
search:
  {{sampler: {sampler}, pruner: {pruner}, trials: 12, seed: 5, slots: 4, constraints: {{max_parameters: {most}}}}}
execution: {{executor: {executor}}}
"""


def write(folder: Path, **settings: object) -> Path:
    given = {"sampler": "tpe", "pruner": "asha", "most": 3000, "executor": "inline", "epochs": 2} | settings
    path = folder / "small.yaml"
    path.write_text(STUDY.format(**given))
    return path


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("objectives")
    with light():
        result = hpsearch("run", write(folder), "--home", folder / "home")
    assert result.code == 0
    assert any(line.startswith("front of dev_accuracy and parameters: ") for line in result.lines)
    return folder / "home"


def test_every_trial_keeps_to_the_limit_and_the_total_is_exact(home: Path) -> None:
    found = trials(home)
    assert [trial["number"] for trial in found] == list(range(12))
    for trial in found:
        depth, width = trial["params"]["depth"], trial["params"]["width"]
        parameters = 65 * width + (depth - 1) * (width + 1) * width + (width + 1) * 10
        assert trial["costs"]["parameters"] == parameters <= 3000
        done = trial["state"] == "COMPLETE"
        assert trial["objectives"] == {"dev_accuracy": trial["value"], "parameters": parameters if done else None}


def test_best_lists_the_front_as_json_as_csv_and_as_a_table(home: Path) -> None:
    front = hpsearch("best", "small", "--home", home, "--format", "json").json
    points = [(t["objectives"]["dev_accuracy"], t["objectives"]["parameters"]) for t in front]
    complete = [t["objectives"] for t in trials(home) if t["state"] == "COMPLETE"]
    beaten = [
        any(
            o["dev_accuracy"] >= a and o["parameters"] <= p and (o["dev_accuracy"], o["parameters"]) != (a, p)
            for o in complete
        )
        for a, p in points
    ]
    assert not any(beaten)
    assert points == sorted(points, reverse=True)
    assert all(Path(trial["weights"]).exists() and trial["params"]["epochs"] == 2 for trial in front)
    rows = list(csv.DictReader(io.StringIO(hpsearch("best", "small", "--home", home, "--format", "csv").out)))
    assert [int(row["objectives_parameters"]) for row in rows] == [p for _, p in points]
    head, *lines = hpsearch("best", "small", "--home", home).out.splitlines()
    assert head.split() == ["number", "state", "dev_accuracy", "parameters", "multiply_adds", "params"]
    assert [int(line.split()[0]) for line in lines] == [trial["number"] for trial in front]


def test_status_and_trials_show_all_objectives(home: Path) -> None:
    found = hpsearch("status", "small", "--home", home, "--format", "json").json
    front = hpsearch("best", "small", "--home", home, "--format", "json").json
    assert found["objectives"] == {"dev_accuracy": "maximize", "parameters": "minimize"}
    assert found["front"] == [trial["number"] for trial in front]
    assert found["best_trial"] == found["front"][0]
    head, *lines = hpsearch("trials", "small", "--home", home).out.splitlines()
    assert head.split()[:5] == ["number", "state", "dev_accuracy", "parameters", "multiply_adds"]
    assert len(lines) == 12


def test_the_report_has_the_front(home: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert hpsearch("report", "small", "--home", home, "--output", page).code == 0
    text = page.read_text()
    assert "on the front of dev accuracy and parameters." in text
    assert "this study has one objective" not in text.lower()


@pytest.mark.usefixtures("light_runs")
@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_a_study_stopped_again_and_again_ends_as_if_it_had_not_been(sampler: str, tmp_path: Path) -> None:
    study = write(tmp_path, sampler=sampler, epochs=6)
    assert hpsearch("run", study, "--home", tmp_path / "whole").code == 0
    result = hpsearch("run", study, "--home", tmp_path / "stopped", "--timeout", "0.02")
    for again in range(200):
        if not any(line.startswith("the time is up") for line in result.lines):
            break
        result = hpsearch("resume", "small", "--home", tmp_path / "stopped", "--timeout", 0.05 * 1.05**again)
        assert result.code == 0
    assert outcome(trials(tmp_path / "stopped")) == outcome(trials(tmp_path / "whole"))


@pytest.mark.usefixtures("light_runs")
def test_limits_that_nothing_keeps_to_are_bad_input_and_nothing_is_written(tmp_path: Path) -> None:
    result = hpsearch("run", write(tmp_path, most=100), "--home", tmp_path / "home")
    assert (result.code, len(result.lines[-1:])) == (2, 1)
    assert result.lines[-1].startswith("error: search.constraints: no assignment keeps to the limits: of 1000 draws ")
    assert not (tmp_path / "home").exists()


@pytest.mark.slow
def test_two_workers_find_what_one_process_finds_and_mlflow_holds_the_objectives(tmp_path: Path, home: Path) -> None:
    study = write(tmp_path, executor="processes")
    result = run_process("run", study, "--home", tmp_path / "home", "--workers", "2")
    assert result.code == 0
    assert any("as in the study" in line and "NOT" not in line for line in result.lines)
    assert outcome(trials(tmp_path / "home")) == outcome(trials(home))
    with closing(sqlite3.connect(tmp_path / "home" / "mlflow.db")) as database:
        rows = database.execute(
            "select t.value, m.key, m.value from latest_metrics m join tags t on t.run_uuid = m.run_uuid "
            "where t.key = 'hpsearch.seed'"
        ).fetchall()
    metrics = {(int(seed), key): value for seed, key, value in rows}
    for trial in trials(home):
        assert metrics[trial["seed"], "parameters"] == trial["costs"]["parameters"]
        assert trial["value"] is None or metrics[trial["seed"], "dev_accuracy"] == trial["value"]
