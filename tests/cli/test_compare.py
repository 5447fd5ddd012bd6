"""`run --repeat` and `compare`, through the command, with tiny studies."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from tests.cli.command import Result, hpsearch, light, run_process, snapshot, start, trials, wait_for, write_study

METRIC = ["--set", "objective.metric=dev_loss"]


def run(folder: Path, *arguments: object, repeat: int = 2, **settings: object) -> Result:
    study = write_study(folder, **{"epochs": 1, "trials": 3, **settings})  # type: ignore[arg-type]
    with light():
        return hpsearch("run", study, "--repeat", repeat, "--home", folder / "home", *arguments)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Groups `small` (seeds 5 and 6) and `wide` (5, 6 and 7), a study `lone` and one with another metric."""
    folder = tmp_path_factory.mktemp("compared")
    assert run(folder).code == 0
    assert run(folder, "--set", "hyperparameters.width=24", repeat=3, name="wide", sampler="random").code == 0
    with light():
        study = write_study(folder, "lone", epochs=1, trials=3)
        assert hpsearch("run", study, "--home", folder / "home").code == 0
        loss = ["--set", "name=loss", *METRIC]
        assert hpsearch("run", study, *loss, "--home", folder / "home").code == 0
    return folder / "home"


def compare(home: Path, *arguments: object, output: Path | None = None) -> Result:
    page = home.parent / "page.html" if output is None else output
    return hpsearch("compare", *arguments, "--home", home, "--output", page)


def test_repeats_are_studies_of_their_own_with_their_own_seeds(home: Path) -> None:
    listed = {row["study"] for row in hpsearch("studies", "--home", home, "--format", "json").json}
    assert listed == {"small-s5", "small-s6", "wide-s5", "wide-s6", "wide-s7", "lone", "loss"}
    first, second = trials(home, "small-s5"), trials(home, "small-s6")
    assert [t["seed"] for t in first] != [t["seed"] for t in second]
    # The first repeat is the search that the file says, under another name.
    assert [t["params"] for t in first] == [t["params"] for t in trials(home, "lone")]


def test_progress_says_which_repeat_it_is(tmp_path: Path) -> None:
    said = run(tmp_path)
    assert said.code == 0
    assert "repeat 1 of 2: small-s5" in said.lines
    assert "repeat 2 of 2: small-s6" in said.lines
    assert said.lines[-1].startswith("small: 2 repeats, best dev_accuracy ")
    assert "hpsearch compare small" in said.lines[-1]


def test_run_again_trains_nothing_and_more_repeats_only_what_is_missing(tmp_path: Path) -> None:
    run(tmp_path)
    before = trials(tmp_path / "home", "small-s5")
    again = run(tmp_path, repeat=3)
    assert [line for line in again.lines if "nothing left to train" in line] == [
        "small-s5: nothing left to train, all 3 trials are done",
        "small-s6: nothing left to train, all 3 trials are done",
    ]
    assert trials(tmp_path / "home", "small-s5") == before
    assert len(trials(tmp_path / "home", "small-s7")) == 3


@pytest.mark.slow
def test_ctrl_c_loses_nothing_and_the_same_command_goes_on(tmp_path: Path) -> None:
    study, home = write_study(tmp_path, epochs=20, trials=40), tmp_path / "home"
    command = ["run", study, "--repeat", "2", "--home", home]
    process = start(*command)
    wait_for(lambda: (home / "optuna.journal").exists(), "the journal")
    process.send_signal(2)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "the same command goes on there" in err
    assert run_process(*command, timeout=180).code == 0
    assert [len(trials(home, name)) for name in ("small-s5", "small-s6")] == [40, 40]


def test_bad_repeats_write_nothing(tmp_path: Path) -> None:
    assert run(tmp_path, repeat=0).code == 2
    long = run(tmp_path, "--set", "name=" + "x" * 62)
    assert (long.code, len(long.lines)) == (2, 1)
    assert "name: must start with" in long.err
    assert not (tmp_path / "home").exists()


def test_the_table_has_every_contestant_and_every_pair(home: Path) -> None:
    said = compare(home, "small", "wide")
    assert said.code == 0
    standings, pairs, tried = said.out.split("\n\n")
    assert [line.split()[:3] for line in standings.splitlines()[1:]] == [
        ["small", "tpe", "2"],
        ["wide", "random", "3"],
    ]
    assert pairs.splitlines()[1].split()[:3] == ["small", "wide", "2"]
    assert tried.splitlines()[0].split() == ["values", "tried", "small", "wide"]
    assert said.lines[-1] == f"report: {home.parent / 'page.html'}"


def test_json_holds_all_of_it(home: Path) -> None:
    found = compare(home, "small", "wide", "--format", "json", "--target", "0.01").json
    assert (found["metric"], found["direction"], found["trials"], found["target"]) == (
        "dev_accuracy", "maximize", 3, 0.01,
    )  # fmt: skip
    small, wide = found["contestants"]
    assert (small["reached"], wide["reached"]) == (2, 3)
    best = [max(t["value"] for t in trials(home, f"small-s{seed}")) for seed in (5, 6)]
    assert small["mean"] == pytest.approx(sum(best) / 2)
    (pair,) = found["pairs"]
    assert 0 < pair["p"] <= pair["adjusted"] <= 1
    assert 0 <= pair["beats_low"] <= pair["beats"] <= pair["beats_high"] <= 1
    assert found["values_tried"]["width"] == {"small": 2, "wide": None} or found["values_tried"]["width"]["small"] == 1


def test_csv_has_a_row_a_contestant(home: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(compare(home, "small", "wide", "--format", "csv").out)))
    assert [row["contestant"] for row in rows] == ["small", "wide"]


def test_comparing_writes_the_page_and_nothing_else(home: Path) -> None:
    before = snapshot(home)
    assert compare(home, "small", "wide").code == 0
    assert snapshot(home) == before
    assert "small against wide" in (home.parent / "page.html").read_text(encoding="utf-8")


def test_the_page_is_in_the_workspace_and_named_after_the_contestants(tmp_path: Path) -> None:
    run(tmp_path)
    said = hpsearch("compare", "small", "--home", tmp_path / "home")
    assert said.lines[-1] == f"report: {tmp_path / 'home' / 'reports' / 'compare-small.html'}"
    assert (tmp_path / "home" / "reports" / "compare-small.html").exists()


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["small"], ["small"]),
        (["small-s5"], ["small-s5"]),
        (["*a*l*"], ["small"]),
        (["[sw]*"], ["small", "wide"]),
        (["lone", "small"], ["lone", "small"]),
        (["small-s*"], ["small-s5", "small-s6"]),
        (["mine=wide-s[56]"], ["mine"]),
        (["wide", "wide"], ["wide"]),
    ],
)
def test_words_mean_groups_studies_and_patterns(home: Path, words: list[str], names: list[str]) -> None:
    found = compare(home, *words, "--format", "json").json
    assert [one["contestant"] for one in found["contestants"]] == names


def test_a_label_makes_one_contestant_of_several_studies(home: Path) -> None:
    found = compare(home, "mine=wide-s[56]", "--format", "json").json
    assert found["contestants"][0]["repeats"] == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["smal"], "there is no study or group of repeats 'smal'; did you mean 'small'?"),
        (["nothing*"], "there is no study or group of repeats 'nothing*'"),
        (["small", "loss"], "'small' and 'loss' cannot be compared: direction: maximize → minimize"),
        (["x=small-s5", "x=wide-s5"], "two of the contestants are called 'x'"),
        (["mine=[sw]*"], "are no repeats of one search (mine): "),
        (["mine=small-s5", "mine2=lone", "both=*on*", "both=small-s5"], "two of the contestants are called 'both'"),
        (["small", "--trials", "none"], "--trials none: must be 'all' or a whole number from 1"),
        (["small", "--dashboard", "study"], "comparison: there is no 'best_so_far'"),
    ],
)
def test_bad_input_gets_one_line_and_writes_nothing(home: Path, tmp_path: Path, words: list[str], said: str) -> None:
    result = compare(home, *words, output=tmp_path / "page.html")
    assert (result.code, result.out, len(result.lines)) == (2, "", 1)
    assert said in result.err
    assert list(tmp_path.iterdir()) == []


def test_two_studies_of_one_seed_are_not_two_repeats(home: Path) -> None:
    result = compare(home, "both=[ls][om][na]*")
    assert (result.code, len(result.lines)) == (2, 1)
    assert "have the same seed 5" in result.err


def test_the_first_trials_alone_can_be_compared(home: Path) -> None:
    found = compare(home, "small", "wide", "--trials", "1", "--format", "json").json
    assert [one["trials"] for one in found["contestants"]] == [1, 1]
    assert found["contestants"][0]["best"] == max(trials(home, f"small-s{seed}")[0]["value"] for seed in (5, 6))
    assert json.dumps(found)
