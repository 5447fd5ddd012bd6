"""`status`, `studies`, `trials`, `best`, `report`: what they print, and that they write nothing."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import re
from pathlib import Path

import pytest

from tests.cli.command import environment, hpsearch, run_process, snapshot, start, trials

READING = [
    [*command, "--format", output_format]
    for command in (
        ["status", "small"],
        ["status"],
        ["studies"],
        ["trials", "small"],
        ["best", "small"],
        ["show", "small", "1"],
    )
    for output_format in ("table", "json", "csv")
]


@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_reading_writes_nothing(command: list[str], read_home: Path) -> None:
    before = snapshot(read_home)
    result = hpsearch(*command, "--home", read_home)
    assert (result.code, result.err) == (0, "")
    assert result.out.strip()
    assert snapshot(read_home) == before


def test_status_is_one_object_with_counts_best_and_elapsed(read_home: Path) -> None:
    found = hpsearch("status", "older", "--home", read_home, "--format", "json").json
    numbers = {key: found.pop(key) for key in ("best", "best_trial", "elapsed")}
    effort = found.pop("devices")
    assert found == {
        "study": "older",
        "metric": "dev_accuracy",
        "direction": "maximize",
        "finished": 2,
        "total": 2,
        "complete": 2,
        "pruned": 0,
        "failed": 0,
        "running": 0,
        "waiting": 0,
        "state": "done",
        "pid": None,
        "host": None,
        "since": None,
    }
    assert (effort["workers"], effort["devices"], effort["epochs"]) == (1, ["cpu"], 4)
    assert 0 < effort["busy"] <= 1
    assert effort["bookkeeping"] > 0
    assert 0 < numbers["best"] <= 1
    assert numbers["best_trial"] in (0, 1)
    assert numbers["elapsed"] > 0


def test_status_without_a_name_tells_of_the_newest_study_and_studies_lists_it_first(read_home: Path) -> None:
    assert hpsearch("status", "--home", read_home, "--format", "json").json["study"] == "small"
    rows = hpsearch("studies", "--home", read_home, "--format", "json").json
    assert [row["study"] for row in rows] == ["small", "older"]
    assert [row["finished"] for row in rows] == [4, 2]


def test_trials_are_an_array_with_everything_about_each(read_home: Path) -> None:
    found = hpsearch("trials", "small", "--home", read_home, "--format", "json").json
    assert [trial["number"] for trial in found] == [0, 1, 2, 3]
    for trial in found:
        assert set(trial) >= {"number", "state", "value", "params", "seed", "seconds", "failure"}
        assert trial["state"] in ("COMPLETE", "PRUNED")
        assert (trial["value"] is None) == (trial["state"] == "PRUNED")
        assert ("momentum" in trial["params"]) == (trial["params"]["optimizer"] == "momentum")
        assert set(trial["params"]) - {"momentum"} == {"depth", "width", "optimizer", "learning_rate"}
        assert trial["failure"] is None
        assert isinstance(trial["seed"], int)
        assert trial["seconds"] > 0
    assert len({trial["seed"] for trial in found}) == 4


def test_trials_as_csv_hold_the_same(read_home: Path) -> None:
    found = hpsearch("trials", "small", "--home", read_home, "--format", "json").json
    rows = list(csv.DictReader(io.StringIO(hpsearch("trials", "small", "--home", read_home, "--format", "csv").out)))
    assert [int(row["number"]) for row in rows] == [trial["number"] for trial in found]
    assert [float(row["params_learning_rate"]) for row in rows] == [t["params"]["learning_rate"] for t in found]
    assert [row["params_momentum"] == "" for row in rows] == ["momentum" not in trial["params"] for trial in found]


def test_the_table_of_trials_has_a_line_each_however_many_hyperparameters_there_are(read_home: Path) -> None:
    head, *lines = hpsearch("trials", "small", "--home", read_home).out.splitlines()
    assert head.split() == ["number", "state", "value", "epochs", "seconds", "params"]
    assert len(lines) == 4
    assert all("depth=" in line and "learning_rate=" in line for line in lines)


def test_best_is_the_best_trial_with_all_its_values_and_its_weights(read_home: Path) -> None:
    found = hpsearch("best", "small", "--home", read_home, "--format", "json").json
    complete = [t for t in hpsearch("trials", "small", "--home", read_home, "--format", "json").json if t["value"]]
    assert found["value"] == max(trial["value"] for trial in complete)
    assert found["params"]["epochs"] == 3
    assert found["params"]["batch_size"] == 128
    assert Path(found["weights"]).stat().st_size > 0
    table = [line.split() for line in hpsearch("best", "small", "--home", read_home).out.splitlines()]
    assert ["batch_size", "128"] in table
    (listed,) = (trial for trial in complete if trial["number"] == found["number"])
    assert list(found["diagnosis"]) == listed["diagnosis"].split(", ")
    verdict = listed["diagnosis"].split(",")[0]
    assert any(line[:1] == [verdict] for line in table)


def test_show_is_one_trial_as_best_has_it_and_who_trained_it(read_home: Path) -> None:
    best = hpsearch("best", "small", "--home", read_home, "--format", "json").json
    assert hpsearch("show", "small", best["number"], "--home", read_home, "--format", "json").json == best
    for number, epochs in enumerate(
        t["epochs"] for t in hpsearch("trials", "small", "--home", read_home, "--format", "json").json
    ):
        found = hpsearch("show", "small", number, "--home", read_home, "--format", "json").json
        assert (found["number"], found["epochs"]) == (number, epochs)
        assert found["trained_by"][0]["epoch"] == 1
        assert all(set(change) == {"epoch", "worker", "stack"} for change in found["trained_by"])
        assert {change["worker"] for change in found["trained_by"]} == {0}
        (line,) = (
            line
            for line in hpsearch("show", "small", number, "--home", read_home).out.splitlines()
            if line.startswith("trained_by")
        )
        said = f"epochs 1 to {epochs}" if epochs > 1 else "epoch 1"
        assert re.fullmatch(rf"trained_by +worker 0, {said}, (alone|[\d to]+ trials together)", line)


def test_show_of_a_trial_that_is_not_there_says_which_are(read_home: Path) -> None:
    result = hpsearch("show", "small", "4", "--home", read_home)
    assert (result.code, result.out) == (2, "")
    assert result.lines == ["error: study 'small' has no trial 4; it has 0 to 3"]


def test_report_prints_where_the_page_is(read_home: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    before = snapshot(read_home)
    result = hpsearch("report", "small", "--home", read_home, "--output", page)
    assert (result.code, result.out, result.err) == (0, f"{page}\n", "")
    assert "small" in page.read_text()
    assert snapshot(read_home) == before


def test_a_report_that_cannot_be_written_gets_one_line(read_home: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = hpsearch("report", "small", "--home", read_home, "--output", tmp_path / "file" / "page.html")
    assert (result.code, result.out, len(result.lines)) == (1, "", 1)
    assert "Not a directory" in result.err or "File exists" in result.err


def test_an_unknown_dashboard_gets_one_line(read_home: Path, tmp_path: Path) -> None:
    result = hpsearch("report", "small", "--home", read_home, "--dashboard", "stdy", "--output", tmp_path / "page.html")
    assert (result.code, result.out, len(result.lines)) == (2, "", 1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("output_format", ["table", "json", "csv"])
def test_a_reader_that_has_seen_enough_is_no_error(read_home: Path, output_format: str) -> None:
    process = start("trials", "small", "--home", read_home, "--format", output_format)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()  # long before the first line is written
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(timeout=60) == 0


def test_a_terminal_gets_no_wider_lines_than_it_has(read_home: Path) -> None:
    env = environment(FORCE_COLOR="1", COLUMNS="60", TERM="xterm")
    result = run_process("trials", "small", "--home", read_home, env=env)
    assert result.code == 0
    from rich.text import Text

    lines = [Text.from_ansi(line).plain for line in result.out.splitlines()]
    assert max(map(len, lines)) <= 60
    assert "…" not in "".join(lines)


def linked_runs(page: Path) -> dict[str, str]:
    (runs,) = re.findall(r'<script type="application/json" id="runs">(.*?)</script>', page.read_text())
    links: dict[str, str] = json.loads(runs)
    return links


def test_a_report_links_trials_to_their_runs_and_says_where_the_numbers_come_from(
    mirrored_home: Path, tmp_path: Path
) -> None:
    before = snapshot(mirrored_home)
    page = tmp_path / "page.html"
    result = hpsearch("report", "small", "--home", mirrored_home, "-o", page, "--mlflow-pages", "http://mlflow:80/")
    assert (result.code, result.err) == (0, "")
    there, at_home = linked_runs(page), linked_runs(mirrored_home / "reports" / "small.html")
    assert sorted(map(int, there)) == [trial["number"] for trial in trials(mirrored_home)]
    address = re.compile(r"http://mlflow:80/#/experiments/\w+/runs/\w{32}")
    assert all(address.fullmatch(link) for link in there.values())
    # The page that the run itself wrote leads to the same runs, where `hpsearch ui` shows them.
    assert at_home == {n: link.replace("mlflow:80", "127.0.0.1:5000") for n, link in there.items()}
    assert re.search(r'<a href="http://mlflow:80/#/experiments/\w+/runs/\w{32}">this study', page.read_text())
    assert "<dt>torch</dt>" in page.read_text()
    assert "<dt>Fingerprint of the data</dt>" in page.read_text()
    after = snapshot(mirrored_home)
    assert {path for path in after if after[path] != before.get(path)} <= {str(mirrored_home / "mlflow.db-shm")}
    assert set(after) == set(before)


def test_pictures_without_kaleido_get_one_line(
    read_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    result = hpsearch("report", "small", "--home", read_home, "--format", "png", "-o", tmp_path / "pictures")
    assert (result.code, result.out, len(result.lines)) == (1, "", 1)
    assert "kaleido" in result.err
    assert list(tmp_path.iterdir()) == []
