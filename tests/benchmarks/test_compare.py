"""Ways are compared by medians of runs paired by repeat; a way that does not work says why."""

from __future__ import annotations

import io
import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from benchmarks import __main__ as command
from benchmarks import compare as comparing
from benchmarks import ways
from benchmarks.cases import CASES, STRUCTURE, Case, quick
from benchmarks.compare import HEADINGS, Compared, cells, compare, table, to_json, trials_an_hour, verdict
from benchmarks.plain_trial import study_file
from benchmarks.tracked import best_at, improvements, seconds_to
from benchmarks.ways import COMMON, RAY, STACKED, WORKERS, Failed, Measured, attempt

CASE = Case("a", "a search", "digits_mlp", target=0.9, ways=(COMMON, STACKED, RAY))


def _measured(seconds: float, trials: int = 100, searching: float | None = None) -> Measured:
    return Measured(
        trials, 500, 0.97, seconds, seconds, searching or seconds, improvements=((2.0, 0.8), (seconds, 0.97))
    )


def _compared(ours: list[float], common: list[float], ray: list[float]) -> Compared:
    seconds = {COMMON: common, STACKED: ours, RAY: ray}
    return Compared(CASE, "maximize", {way: [_measured(s) for s in each] for way, each in seconds.items()}, {})


def test_a_ratio_is_the_median_of_runs_paired_by_repeat() -> None:
    result = _compared(ours=[10.0, 20.0, 10.0], common=[40.0, 100.0, 60.0], ray=[100.0, 100.0, 100.0])
    (search,) = to_json([result], "here")["searches"]
    assert search["ratio"][STACKED] == pytest.approx({COMMON: 5.0, RAY: 10.0})
    assert search["to_target"][STACKED] == 10.0
    assert [run["seconds"] for run in search["runs"][STACKED]] == [10.0, 20.0, 10.0]


def test_ray_is_compared_by_its_rate_without_its_start() -> None:
    runs = {STACKED: [_measured(10.0)], RAY: [_measured(30.0, trials=10, searching=20.0)]}
    assert Compared(CASE, "maximize", runs, {}).ratio(STACKED, RAY, trials_an_hour) == pytest.approx(20.0)


def test_the_verdict_has_a_line_for_each_way_of_hpsearch() -> None:
    assert verdict(_compared(ours=[10.0], common=[50.0], ray=[400.0])) == [
        f"a: {STACKED}: 5.00 times the common loop's and 40.00 times Ray Tune's (its start not counted) trials an hour"
    ]


def test_a_way_that_failed_has_a_row_that_says_so_and_no_numbers() -> None:
    result = Compared(CASE, "maximize", {COMMON: [_measured(10.0)]}, {RAY: Failed("not installed")})
    assert cells(result, RAY) == ["none", *["-"] * (len(HEADINGS) - 1)]
    drawn = table(result)
    assert drawn.row_count == 3
    assert drawn.caption == f"{RAY}: not installed"
    assert all(len(cells(result, way)) == len(HEADINGS) for way in CASE.ways)


def test_shares_of_the_devices_are_shown_where_they_are_known() -> None:
    known = Measured(1, 1, 0.5, 10.0, 1.0, 1.0, busy=0.9, bookkeeping=0.043)
    result = Compared(CASE, "maximize", {STACKED: [known], COMMON: [_measured(1.0)]}, {})
    assert cells(result, STACKED)[-2:] == ["90%", "4.3%"]
    assert cells(result, COMMON)[-2:] == ["-", "-"]


def test_every_way_runs_in_turn_and_a_broken_one_only_once(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []

    def fake(way: str, file: str, overrides: Sequence[str], home: Path) -> Measured | Failed:
        said.append(way)
        return Failed("broken") if way == RAY else _measured(10.0)

    monkeypatch.setattr(comparing, "attempt", fake)
    result = compare(CASE, 2, lambda _: None)
    assert said == [COMMON, STACKED, RAY, STACKED, COMMON]
    assert {way: len(runs) for way, runs in result.runs.items()} == {COMMON: 2, STACKED: 2}
    assert list(result.failed) == [RAY]


def test_a_way_that_ends_badly_is_told_by_its_last_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def broken(*_: Any) -> Measured:
        raise subprocess.CalledProcessError(2, ["x"], "", "first\nerror: that is wrong\n")

    monkeypatch.setitem(ways.WAYS, COMMON, broken)
    assert attempt(COMMON, "digits_mlp", [], tmp_path) == Failed("ended with exit code 2: error: that is wrong")


def test_without_ray_its_row_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert attempt(RAY, "digits_mlp", [], tmp_path) == Failed("not installed: pip install '.[bench]'")


@pytest.mark.parametrize("case", [*CASES, STRUCTURE], ids=lambda case: case.name)
def test_every_way_can_do_every_search(case: Case) -> None:
    for way in case.ways:
        for one in (case, quick(case)):
            file = study_file(one.file, one.overrides_for(way))
            assert file.search.trials <= 200
            assert isinstance(file.hyperparameters["epochs"].to_json(), int)
    assert case.ways[0] == COMMON
    assert WORKERS in case.ways


def test_the_best_so_far_only_gets_better() -> None:
    points = [(11.0, 0.5), (12.0, 0.4), (13.0, 0.5), (14.0, 0.7)]
    found = improvements(points, 10.0, "maximize")
    assert found == ((1.0, 0.5), (4.0, 0.7))
    assert [seconds_to(found, target, "maximize") for target in (0.5, 0.6, 0.8)] == [1.0, 4.0, None]
    assert [best_at(found, seconds) for seconds in (0.5, 1.0, 3.9, 99)] == [None, 0.5, 0.5, 0.7]
    assert improvements(points, 10.0, "minimize") == ((1.0, 0.5), (2.0, 0.4))


def test_the_command_writes_every_search_and_prints_the_table(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(comparing, "attempt", lambda *_: _measured(10.0))
    assert command.main(["digits", "structure", "--tuned", "--output", str(tmp_path / "all.json")]) == 0
    written = json.loads((tmp_path / "all.json").read_text())
    assert [search["search"] for search in written["searches"]] == ["digits", "structure"]
    printed = capsys.readouterr().out
    assert "common loop, tuned" in printed
    assert f"digits: {STACKED}: 1.00 times the common loop's" in printed
    assert printed.rstrip().splitlines()[-1] == written["machine"]


def test_what_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    for wrong in (["nothing"], ["--repeats", "0"]):
        with pytest.raises(SystemExit) as ended:
            command.main(wrong)
        assert ended.value.code == 2
    assert "there is no 'nothing'" in capsys.readouterr().err


def test_ctrl_c_stops_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: Any) -> Measured:
        raise KeyboardInterrupt

    monkeypatch.setattr(comparing, "attempt", stop)
    assert command.main(["digits"]) == 130


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of SQLAlchemy, for what MLflow does
def test_a_tiny_comparison_runs_for_real() -> None:
    case = quick(Case("tiny", "tiny", "digits_mlp", target=0.5, ways=(COMMON, STACKED)))
    result = compare(case, 1, lambda _: None)
    assert not result.failed
    Console(file=io.StringIO(), width=170).print(table(result))
    for way in case.ways:
        (run,) = result.runs[way]
        assert (run.trials, run.epochs) == (2, 2)
        assert run.improvements
        assert run.best == run.improvements[-1][1]
        assert 0 < run.improvements[0][0] <= run.improvements[-1][0] < run.seconds
