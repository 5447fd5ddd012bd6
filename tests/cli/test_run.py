"""`run`, `resume`, `validate`: to the total and not more, and what is said at the end."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from unittest import mock

import optuna
import pytest

from hpsearch.search.storage import open_storage
from hpsearch.training.epoch_cost import epoch_ticks
from tests.cli.command import finished, hpsearch, outcome, run_process, snapshot, trials, write_study

AS_IN_THE_STUDY = (
    "MLflow: 1 parent and {n} child runs, {n} FINISHED, 0 KILLED, 0 FAILED, 0 RUNNING; "
    "{n} with parameters, {n} with an epoch series: as in the study"
)


def test_a_run_ends_with_its_report_its_record_and_the_counts_checked(tmp_path: Path) -> None:
    study, home = write_study(tmp_path), tmp_path / "my home"
    first = run_process("run", study, "--home", home)
    assert (first.code, first.out) == (0, "")
    # On a busy machine some things take long enough to be named.
    slow = re.compile(r"writing the report|MLflow: writing the rest|small: \d of 4 trials, .*")
    lines = [line for line in first.lines if not slow.fullmatch(line)]
    opening, done, best, report, browse, effort, stacks, counts = lines
    assert opening == "small: 4 trials, sampler tpe, pruner none, on 1 × cpu"
    assert done == "small: 4 of 4 trials (4 complete)"
    assert best.startswith("best dev_accuracy 0.")
    assert report == f"report: {home}/reports/small.html"
    assert browse == f"MLflow's pages: hpsearch ui --home '{home}'"
    assert re.fullmatch(
        r"devices: 1 × cpu, computing [0-9.]+% of .+; [1-4]\.[0-9] trials a stack; bookkeeping .+%", effort
    )
    assert stacks.startswith("stacks: ")
    assert counts == AS_IN_THE_STUDY.format(n=4)
    assert (home / "reports" / "small.html").read_text().startswith("<!")

    more = run_process("resume", "small", "-n", "6", "--home", home, "-v")
    assert more.code == 0
    assert [line for line in more.lines if line.startswith("trial ")] == [
        line for line in more.lines if line.startswith(("trial 4 complete after 2 epochs", "trial 5 complete after 2 "))
    ]
    assert more.lines[-1] == AS_IN_THE_STUDY.format(n=6)


@pytest.mark.usefixtures("light_runs")
def test_run_again_finds_nothing_left_and_a_raised_total_goes_on(tmp_path: Path) -> None:
    study, home = write_study(tmp_path), tmp_path / "home"
    assert hpsearch("run", study, "--home", home).code == 0
    first = trials(home)
    for again in (["run", study], ["resume", "small"]):
        result = hpsearch(*again, "--home", home)
        assert result.code == 0
        assert "small: nothing left to train, all 4 trials are done" in result.lines
        assert trials(home) == first
    result = hpsearch("run", study, "-n", "7", "--home", home)
    assert result.code == 0
    assert "small: 7 of 7 trials (7 complete)" in result.lines
    assert trials(home)[:4] == first
    assert [trial["number"] for trial in trials(home)] == list(range(7))


@pytest.mark.usefixtures("light_runs")
def test_a_home_that_the_environment_names_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HPSEARCH_HOME", str(tmp_path / "home"))
    assert hpsearch("run", write_study(tmp_path)).code == 0
    assert finished(tmp_path / "home") == 4


@pytest.mark.usefixtures("light_runs")
def test_set_and_the_flags_change_what_is_searched(tmp_path: Path) -> None:
    study, home = write_study(tmp_path), tmp_path / "home"
    flags = ["--set", "hyperparameters.epochs=1", "--set", "name=mine", "-n", "3", "--sampler", "random", "--seed", "9"]
    assert hpsearch("run", study, "--home", home, *flags).code == 0
    found = trials(home, "mine")
    assert [trial["epochs"] for trial in found] == [1, 1, 1]
    assert hpsearch("status", "mine", "--home", home, "--format", "json").json["total"] == 3


@pytest.mark.usefixtures("light_runs")
def test_a_changed_file_under_the_same_name_is_refused_with_the_difference(tmp_path: Path) -> None:
    study, home = write_study(tmp_path), tmp_path / "home"
    assert hpsearch("run", study, "--home", home).code == 0
    before = (home / "optuna.journal").read_bytes()
    result = hpsearch("run", study, "--home", home, "--set", "search.seed=3", "-q")
    assert (result.code, len(result.lines)) == (2, 1)
    assert "study 'small' is there already" in result.err
    assert "search.seed: 5 → 3" in result.err
    assert (home / "optuna.journal").read_bytes() == before


@pytest.mark.parametrize("command", [["validate"], ["run", "--dry-run"]])
def test_validate_and_dry_run_say_what_is_searched_and_write_nothing(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = write_study(tmp_path, sampler="grid", trials=1000)
    monkeypatch.chdir(tmp_path)
    result = hpsearch(*command, study)
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines()[:2] == [
        "small: mlp on digits, maximize dev_accuracy",
        "24 trials, sampler grid, pruner none, seed 5, 4 at a time",
    ]
    assert "  momentum       0.5 to 0.99  when optimizer is momentum" in result.out.splitlines()
    assert [path.name for path in tmp_path.iterdir()] == ["small.yaml"]


@pytest.mark.usefixtures("light_runs")
def test_the_total_of_a_grid_is_its_cells(tmp_path: Path) -> None:
    study, home = write_study(tmp_path, sampler="grid", trials=1000, epochs=1), tmp_path / "home"
    result = hpsearch("run", study, "--home", home)
    assert "small: 24 of 24 trials (24 complete)" in result.lines
    status = hpsearch("status", "--home", home, "--format", "json").json
    assert (status["finished"], status["total"]) == (24, 24)


@pytest.mark.usefixtures("light_runs")
def test_when_the_time_is_up_it_says_how_to_go_on(tmp_path: Path) -> None:
    study, home = write_study(tmp_path, trials=100_000), tmp_path / "home"
    result = hpsearch("run", study, "--home", home, "--timeout", "0.3")
    assert result.code == 0
    assert f"the time is up; nothing is lost: hpsearch resume small --home {home} goes on" in result.lines
    done = finished(home)
    status = hpsearch("status", "--home", home, "--format", "json").json
    assert (status["running"], status["waiting"], status["pid"]) == (0, 4, None)
    assert hpsearch("resume", "small", "-n", done + 4, "--set", "search.timeout=", "--home", home).code == 0
    assert finished(home) == done + 4


@pytest.mark.usefixtures("light_runs")
def test_a_study_in_which_every_trial_fails_says_why_and_exits_with_1(tmp_path: Path) -> None:
    study, home = write_study(tmp_path), tmp_path / "home"
    with mock.patch("hpsearch.execution.trainer.train_epoch", side_effect=ValueError("no such [layer]")):
        result = hpsearch("run", study, "--home", home)
    assert result.code == 1
    assert "small: 4 of 4 trials (4 failed)" in result.lines
    assert any(
        line.startswith("failed: 4 error (trial 0 first: ValueError: no such [layer]): ") for line in result.lines
    )
    assert "Traceback (most recent call last):" in result.lines
    found = trials(home)
    assert {(trial["state"], trial["failure"], trial["value"]) for trial in found} == {("FAIL", "error", None)}
    assert "failure" in hpsearch("trials", "small", "--home", home).out.splitlines()[0]
    best = hpsearch("best", "small", "--home", home)
    assert (best.code, best.err) == (2, "error: no trial of 'small' came to a good end\n")


@pytest.mark.usefixtures("light_runs")
def test_a_defect_of_the_record_never_fails_a_run(tmp_path: Path) -> None:
    result = hpsearch("run", write_study(tmp_path), "--home", tmp_path / "home")
    assert result.code == 0
    behind = "MLflow is behind: MLflow cannot be written: there is no mirror in this test; the next run of this study"
    assert result.lines[-1] == f"{behind} delivers the rest"


@pytest.mark.usefixtures("light_runs")
def test_a_record_that_differs_from_the_study_is_said_even_to_who_wants_quiet(tmp_path: Path) -> None:
    counts = {"parents": 1, "children": 3, "finished": 3, "running": 0, "with_params": 3, "with_epochs": 4}
    answer = json.dumps({"counts": counts}).encode()
    with mock.patch("tests.cli.command.NoMirror.finish", return_value=answer):
        result = hpsearch("run", write_study(tmp_path), "--home", tmp_path / "home", "-q")
    assert (result.code, len(result.lines)) == (0, 1)
    assert "NOT as in the study: children 3, not 4; finished 3, not 4; with_params 3, not 4" in result.err


@pytest.mark.usefixtures("light_runs")
def test_quiet_says_nothing_and_verbose_a_line_a_trial(tmp_path: Path) -> None:
    study = write_study(tmp_path, trials=3)
    quiet = hpsearch("run", study, "--home", tmp_path / "quiet", "-q")
    assert (quiet.code, quiet.out, quiet.err) == (0, "", "")
    verbose = hpsearch("run", study, "--home", tmp_path / "verbose", "-v")
    lines = sorted(line for line in verbose.lines if line.startswith("trial "))
    assert [line.split(", ")[0] for line in lines] == [f"trial {n} complete after 2 epochs" for n in range(3)]


@pytest.mark.usefixtures("light_runs")
def test_what_a_death_between_making_and_describing_a_study_left_is_taken_up(tmp_path: Path) -> None:
    study, home = write_study(tmp_path), tmp_path / "home"
    storage = open_storage(home, None, write=True)
    optuna.create_study(storage=storage, study_name="small", direction="maximize")
    said = "error: study 'small' has nothing in it yet; if nobody makes it now, run its file again"
    assert hpsearch("trials", "small", "--home", home).lines == [said]
    assert hpsearch("run", study, "--home", home).code == 0
    assert finished(home) == 4


@pytest.mark.usefixtures("light_runs")
def test_somebody_elses_study_is_not_touched_and_not_listed(tmp_path: Path) -> None:
    study, home = write_study(tmp_path), tmp_path / "home"
    storage = open_storage(home, None, write=True)
    theirs = optuna.create_study(storage=storage, study_name="small", direction="maximize")
    theirs.add_trial(optuna.trial.create_trial(value=1.0))
    result = hpsearch("run", study, "--home", home, "-q")
    assert (result.code, result.lines) == (2, ["error: study 'small' in this storage was not made by hpsearch"])
    assert hpsearch("run", study, "--home", home, "--set", "name=ours").code == 0
    assert [row["study"] for row in hpsearch("studies", "--home", home, "--format", "json").json] == ["ours"]
    assert hpsearch("status", "--home", home, "--format", "json").json["study"] == "ours"


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.usefixtures("light_runs")
def test_a_torn_journal_is_mended_and_ends_as_if_nothing_had_happened(tmp_path: Path, seed: int) -> None:
    study = write_study(tmp_path, trials=14, pruner="asha", epochs=4)
    assert hpsearch("run", study, "--home", tmp_path / "whole").code == 0
    home, chance = tmp_path / "torn", random.Random(seed)
    stopped = hpsearch("run", study, "--home", home, "--timeout", "0.05")
    assert any(line.startswith("the time is up") for line in stopped.lines)
    journal = home / "optuna.journal"
    content = journal.read_bytes()
    last = content[:-1].rfind(b"\n") + 1
    torn = content[: chance.randrange(last, len(content))]
    journal.write_bytes(torn + chance.choice([b"", b'{"op_code": 4, "wor', b"\x00\xff garbage", b"}}}"]))
    before = [trial for trial in trials(home) if trial["value"] is not None]
    result = hpsearch("resume", "small", "--set", "search.timeout=", "--home", home)
    assert result.code == 0
    assert outcome(trials(home)) == outcome(trials(tmp_path / "whole"))
    assert all(trial in trials(home) for trial in before)


@pytest.mark.usefixtures("light_runs")
def test_a_database_takes_the_place_of_the_journal(tmp_path: Path) -> None:
    study, home, where = write_study(tmp_path), tmp_path / "home", f"sqlite:///{tmp_path}/optuna.db"
    result = hpsearch("run", study, "--home", home, "--storage", where, "-q")
    assert (result.code, result.out, result.err) == (0, "", "")
    assert not (home / "optuna.journal").exists()
    before = snapshot(tmp_path)
    status = hpsearch("status", "--home", home, "--storage", where, "--format", "json")
    assert (status.code, status.err, status.json["finished"]) == (0, "", 4)
    assert snapshot(tmp_path) == before
    assert (
        "small: nothing left to train, all 4 trials are done"
        in hpsearch("resume", "small", "--home", home, "--storage", where).lines
    )


@pytest.mark.usefixtures("light_runs")
@pytest.mark.parametrize("executor", ["inline", pytest.param("processes", marks=pytest.mark.slow)])
def test_ticks_by_cost_are_those_of_the_network_and_of_the_data_and_are_kept(tmp_path: Path, executor: str) -> None:
    study, home = write_study(tmp_path, executor=executor), tmp_path / "home"
    assert hpsearch("run", study, "--home", home, "--set", "search.ticks=cost").code == 0
    storage = open_storage(home, None, write=False)
    assert storage is not None
    for trial in storage.get_all_trials(0):
        costs, values = trial.user_attrs["result"]["costs"], trial.user_attrs["values"]
        assert costs["multiply_adds"] > 500
        assert trial.user_attrs["ticks"] == epoch_ticks(costs, values, 1078)  # of the 1797 digits, those trained on
        assert trial.user_attrs["result"]["end"] == trial.user_attrs["start"] + 2 * trial.user_attrs["ticks"]


@pytest.mark.usefixtures("light_runs")
@pytest.mark.parametrize(("limit", "value"), [("target", "0.01"), ("patience", "1")])
def test_what_has_ended_a_search_before_its_total_is_said_and_can_be_lifted(
    tmp_path: Path, limit: str, value: str
) -> None:
    study, home = write_study(tmp_path, trials=20), tmp_path / "home"
    said = f"search.{limit} has ended the search; --set search.{limit}=null lets it go on"
    assert said in hpsearch("run", study, "--home", home, "--stop", f"{limit}={value}").lines
    assert finished(home) < 20
    again = hpsearch("resume", "small", "--home", home)
    assert said in again.lines
    assert any("nothing left to train" in line for line in again.lines)
    last = hpsearch("resume", "small", "--home", home, "--set", f"search.{limit}=null")
    assert said not in last.lines
    assert finished(home) == 20
