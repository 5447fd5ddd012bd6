"""Known configurations first, repeats, changed files and forks, as a user meets them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import hpsearch, outcome, run_process, snapshot, trials, write_study

pytestmark = pytest.mark.usefixtures("light_runs")
NO_SUCH = "the study sets no such hyperparameter; did you mean 'epochs'?"
TWELVE = (  # assignments
    "--set", "hyperparameters.momentum=0.9",
    "--set", "hyperparameters.optimizer=[momentum]",
    "--set", "hyperparameters.learning_rate=[0.01, 0.02, 0.05]",
    "--set", "search.sampler=random",
)  # fmt: skip


def test_a_csv_file_of_known_rows_comes_first_and_a_resume_needs_it_no_more(tmp_path: Path) -> None:
    study, home, whole = write_study(tmp_path), tmp_path / "home", tmp_path / "whole"
    (tmp_path / "good.csv").write_text("width,optimizer,learning_rate\n16,adam,0.01\n8,,\n")
    text = study.read_text().replace("slots: 4}", "slots: 4, enqueue: good.csv}")
    study.write_text(text)
    assert hpsearch("run", study, "--home", whole).code == 0
    assert hpsearch("run", study, "--home", home, "-n", "1").code == 0
    (tmp_path / "good.csv").unlink()
    assert hpsearch("resume", "small", "--home", home, "-n", "4").code == 0
    found = trials(home)
    params = {key: found[0]["params"][key] for key in ("width", "optimizer", "learning_rate")}
    assert params == {"width": 16, "optimizer": "adam", "learning_rate": 0.01}
    assert found[1]["params"]["width"] == 8
    assert hpsearch("run", study, "--home", home).err.endswith("good.csv: cannot be read: No such file or directory\n")
    assert [trial["params"] for trial in found[:2]] == [trial["params"] for trial in trials(whole)[:2]]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("width\n16\n12\n", "good.csv:3: search.enqueue[1].width: is never 12 in this study; known: 16, 8"),
        ("epohcs\n2\n", "good.csv:2: search.enqueue[0].epohcs: " + NO_SUCH),
        ("width,depth\n16\n", "good.csv:2: has 1 cells, and the head 2"),
        ("width\n", "good.csv: has no rows: write a line with the names, then one for each assignment"),
        (None, "good.csv: cannot be read: No such file or directory"),
    ],
)  # fmt: skip
def test_a_bad_row_gets_one_line_and_nothing_is_made(rows: str | None, said: str, tmp_path: Path) -> None:
    study, home = write_study(tmp_path), tmp_path / "home"
    study.write_text(study.read_text().replace("slots: 4}", "slots: 4, enqueue: good.csv}"))
    if rows is not None:
        (tmp_path / "good.csv").write_text(rows)
    result = hpsearch("run", study, "--home", home)
    assert (result.code, result.out, result.err) == (2, "", f"error: {tmp_path}/{said}\n")
    assert not home.exists()


def test_an_exhausted_space_is_said_and_repeats_cost_no_epoch(tmp_path: Path) -> None:
    study, home = write_study(tmp_path, trials=300, epochs=1), tmp_path / "home"
    result = hpsearch("run", study, "--home", home, *TWELVE)
    found = trials(home)
    trained = [trial for trial in found if trial["repeats"] is None]
    assert result.code == 0
    assert "the space is exhausted: all 12 assignments have been tried" in result.lines
    assert len({str(trial["params"]) for trial in trained}) == len(trained) == 12
    repeats = [trial for trial in found if trial["repeats"] is not None]
    assert (
        f"small: {len(found)} of 300 trials ({len(found)} complete; {len(repeats)} repeat an earlier one)"
        in result.lines
    )
    for trial in repeats:
        of = found[trial["repeats"]]
        assert {**trial, "number": 0, "repeats": None, "seconds": 0} == {**of, "number": 0, "seconds": 0}
        assert trial["seconds"] == 0
    assert "repeats" in hpsearch("trials", "small", "--home", home).out.splitlines()[0]
    again = hpsearch("run", study, "--home", home, *TWELVE)
    assert f"small: nothing left to train, all {len(found)} trials are done" in again.lines
    assert trials(home) == found
    trained_again = hpsearch("resume", "small", "--home", home, "--set", "search.repeats=true", "-n", len(found) + 3)
    assert "changed: search.repeats: false → true" in trained_again.lines
    assert [trial["repeats"] for trial in trials(home)[len(found) :]] == [None] * 3


def test_repeats_come_to_mlflow_and_into_the_report(tmp_path: Path) -> None:
    study, home = write_study(tmp_path, trials=30, epochs=1), tmp_path / "home"
    result = run_process("run", study, "--home", home, *TWELVE)
    assert result.code == 0
    assert result.lines[-1].endswith(": as in the study")
    outbox = "".join(file.read_text() for file in (home / "outbox").glob("*.jsonl"))
    repeats = [trial for trial in trials(home) if trial["repeats"] is not None]
    assert outbox.count('"hpsearch.repeats"') == len(repeats) > 0
    page = (home / "reports" / "small.html").read_text()
    assert f'"trial {repeats[0]["repeats"]}"' in page


def test_a_wider_range_is_said_first_and_then_searched(tmp_path: Path) -> None:
    study, home = write_study(tmp_path), tmp_path / "home"
    assert hpsearch("run", study, "--home", home).code == 0
    wider = ("--set", "hyperparameters.learning_rate.high=0.3", "--set", "hyperparameters.epochs=3", "-n", "8")
    before, said = snapshot(home), hpsearch("run", study, "--home", home, *wider, "--dry-run")
    assert said.lines == [
        "changed: hyperparameters.epochs: 2 → 3",
        "changed: hyperparameters.learning_rate.high: 0.1 → 0.3",
        "changed: search.trials: 4 → 8",
        "trials 0 to 3 train 2 epochs, later ones 3: each trial's value is that after its own last epoch, "
        "and pruners compare trials at the same epoch",
    ]
    assert snapshot(home) == before
    result = hpsearch("run", study, "--home", home, *wider)
    assert result.code == 0
    assert set(said.lines) <= set(result.lines)
    assert [trial["epochs"] for trial in trials(home)] == [2] * 4 + [3] * 4
    status = hpsearch("status", "small", "--home", home, "--format", "json").json
    assert list(status["changed"]) == ["from trial 4"]
    assert hpsearch("run", study, "--home", home, *wider).lines[1].startswith("small: nothing left")
    assert hpsearch("report", "small", "--home", home).code == 0


@pytest.mark.usefixtures("light_runs")
def test_other_epochs_for_a_study_that_is_done_are_said_to_be_for_no_trial(tmp_path: Path) -> None:
    study, home = write_study(tmp_path, sampler="random"), tmp_path / "home"
    grid = ("--set", "search.sampler=grid", "--set", "hyperparameters.learning_rate=[0.1, 0.2]", "-n", "50")
    assert hpsearch("run", study, "--home", home, *grid).code == 0
    result = hpsearch("run", study, "--home", home, *grid, "--set", "hyperparameters.epochs=3")
    assert "no trial is left that would train 3 epochs: all 24 are there already" in result.lines
    assert any("nothing left to train" in line for line in result.lines)


def test_a_changed_study_stopped_again_and_again_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    study = write_study(tmp_path, trials=5, pruner="asha", epochs=6)
    narrower = ("--set", "hyperparameters.learning_rate.low=0.01", "-n", "12")
    whole, home = tmp_path / "whole", tmp_path / "stopped"
    for place in (whole, home):
        assert hpsearch("run", study, "--home", place).code == 0
    assert hpsearch("run", study, "--home", whole, *narrower).code == 0
    runs = [hpsearch("run", study, "--home", home, *narrower, "--timeout", "0.02")]
    while any(line.startswith("the time is up") for line in runs[-1].lines):
        more = 0.02 * 1.05 ** len(runs)  # or a slow machine would never get to an epoch
        runs.append(hpsearch("resume", "small", "--home", home, "--timeout", more))
        assert len(runs) < 200
    assert len(runs) > 2
    assert outcome(trials(home)) == outcome(trials(whole))


def test_what_may_not_change_is_refused_with_the_reason_and_a_fork_is_offered_and_works(tmp_path: Path) -> None:
    study, home = write_study(tmp_path), tmp_path / "home"
    assert hpsearch("run", study, "--home", home).code == 0
    journal, other = home / "optuna.journal", ("--sampler", "random", "--home", home)
    before = journal.read_bytes()
    for more in ([], ["--dry-run"]):
        result = hpsearch("run", study, *other, "-q", *more)
        assert (result.code, len(result.lines)) == (2, 1)
        assert "search.sampler: tpe → random (it decides what trials were asked for" in result.err
        assert "--fork NEW_NAME" in result.err
    assert journal.read_bytes() == before
    result = hpsearch("run", study, *other, "--fork", "new", "-n", "7")
    assert result.code == 0
    assert "new: 7 of 7 trials (7 complete; 4 known from another study)" in result.lines
    found, old = trials(home, "new"), trials(home)
    assert [trial["known"] for trial in found] == [f"small/{n}" for n in range(4)] + [None] * 3
    same: list[tuple[Any, ...]] = [
        tuple((trial["params"], trial["value"], trial["seed"]) for trial in part) for part in (old, found[:4])
    ]
    assert same[0] == same[1]
    best = hpsearch("best", "new", "--home", home, "--format", "json").json
    assert Path(best["weights"]).exists()
    assert hpsearch("run", study, *other, "--fork", "new", "-n", "7").lines[1].startswith("new: nothing left")
    assert hpsearch("resume", "new", "--home", home, "-n", "8").code == 0
    assert len(trials(home, "new")) == 8
    assert hpsearch("run", study, *other, "--fork", "again", "--repeat", "2", "-n", "5").code == 0
    for name, known in (("again-s5", 4), ("again-s6", 4)):
        assert sum(trial["known"] is not None for trial in trials(home, name)) == known, name


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--fork", "small"], "search.warm_start: 'small' is this study itself; name another one"),
        (["--fork", "new"], "search.warm_start: there is no study 'small'; there are no studies here yet"),
        (["--warm-start", "../up"], "search.warm_start.study"),
        (["--warm-start", "nobody"], "search.warm_start: there is no study 'nobody'; there are no studies here yet"),
        (["--fork", "a b"], "name: must start with a letter"),
    ],
)
def test_a_fork_or_warm_start_of_nothing_is_bad_input(flags: list[str], said: str, tmp_path: Path) -> None:
    study, home = write_study(tmp_path), tmp_path / "home"
    result = hpsearch("run", study, "--home", home, *flags)
    assert (result.code, len(result.lines)) == (2, 1)
    assert said in result.err
    assert not home.exists()


def test_a_warm_start_begins_with_the_best(tmp_path: Path) -> None:
    study, home = write_study(tmp_path, trials=8), tmp_path / "home"
    assert hpsearch("run", study, "--home", home).code == 0
    assert hpsearch("run", study, "--home", home, "--set", "name=warm", "--warm-start", "small", "-n", "6").code == 0
    best = hpsearch("best", "small", "--home", home, "--format", "json").json
    first = trials(home, "warm")[0]
    assert first["params"].items() <= best["params"].items()
    assert first["seed"] != best["seed"]
