"""A full disk, a torn journal, an outbox cut short: one clear line at most, and afterwards nothing is missing."""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import finished, hpsearch, light, outcome, run_process, trials, write_study
from tests.cli.test_killed import mlflow_runs

TOTAL = 40


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, Any]]]:
    """A study file, and its trials where nothing goes wrong."""
    folder = tmp_path_factory.mktemp("whole")
    study = write_study(folder, trials=TOTAL, sampler="random", pruner="asha", epochs=4)
    with light():
        assert hpsearch("run", study, "--home", folder / "home").code == 0
    return study, outcome(trials(folder / "home"))


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """Within it, the system takes no more than so many bytes of any file."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def outbox(home: Path) -> Path:
    (file,) = (home / "outbox").glob("*.jsonl")
    return file


def ends(home: Path) -> Counter[int]:
    """How often the outbox says that a trial has ended."""
    records = map(json.loads, outbox(home).read_text().splitlines())
    return Counter(record["number"] for record in records if record["kind"] == "trial_ended")


@pytest.mark.usefixtures("light_runs")
@pytest.mark.parametrize("size", [9_000, 25_000, 40_000])
def test_a_disk_that_takes_no_more_ends_a_run_with_one_line_and_loses_nothing(
    tmp_path: Path, size: int, whole: tuple[Path, list[dict[str, Any]]]
) -> None:
    study, expected = whole
    home = tmp_path / "home"
    with no_file_larger_than(size):
        result = hpsearch("run", study, "--home", home, "-q")
    assert (result.code, result.out) == (1, "")
    said = [line for line in result.lines if not line.startswith("warning: ")]
    assert len(said) == 1
    assert said[0].startswith(f"error: {home}/")
    assert "cannot " in said[0]
    before = {trial["number"]: trial for trial in trials(home) if trial["state"] not in ("RUNNING", "WAITING")}
    assert 0 < len(before) < TOTAL
    assert hpsearch("resume", "small", "--home", home).code == 0
    after = trials(home)
    assert outcome(after) == expected
    assert all(after[number] == trial for number, trial in before.items())
    assert ends(home) == Counter(range(TOTAL))


@pytest.mark.usefixtures("light_runs")
@pytest.mark.parametrize("seed", range(4))
def test_a_journal_and_an_outbox_that_are_cut_anywhere_are_filled_up_again(
    tmp_path: Path, seed: int, whole: tuple[Path, list[dict[str, Any]]]
) -> None:
    study, expected = whole
    home, chance = tmp_path / "home", random.Random(seed)
    assert hpsearch("run", study, "-n", "20", "--home", home).code == 0
    for file in (home / "optuna.journal", outbox(home)):
        size = file.stat().st_size
        # The study's own facts, which its first lines hold, are older than any torn tail.
        os.truncate(file, size - chance.randint(1, size // 2))
    assert finished(home) < 20
    assert hpsearch("run", study, "--home", home).code == 0
    assert outcome(trials(home)) == expected
    assert ends(home) == Counter(range(TOTAL))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own; skips where none may be mounted."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    if mount is None or os.geteuid() != 0:
        pytest.skip("only root may mount a small file system")
    done = subprocess.run([mount, "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(place)], capture_output=True)
    if done.returncode:
        pytest.skip(f"no small file system may be mounted here: {done.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)  # a mirror may hold it a little longer


@pytest.mark.slow
def test_a_full_disk_is_said_and_when_there_is_room_again_nothing_is_missing(
    small_disk: Path, tmp_path: Path, whole: tuple[Path, list[dict[str, Any]]]
) -> None:
    study, expected = whole
    home = small_disk / "home"
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(300_000))
    result = run_process("run", study, "--home", home, "-q")
    assert result.code == 1, result.err
    assert [line for line in result.lines if line.startswith("error: ")] == [result.lines[-1]]
    assert "Traceback" not in result.err
    before = {trial["number"]: trial for trial in trials(home) if trial["state"] not in ("RUNNING", "WAITING")}
    assert len(before) < TOTAL
    subprocess.run(["mount", "-o", "remount,size=60m", str(small_disk)], check=True)
    result = run_process("resume", "small", "--home", home, timeout=120)
    assert result.code == 0, result.err
    assert result.lines[-1].endswith("as in the study")
    after = trials(home)
    assert outcome(after) == expected
    assert all(after[number] == trial for number, trial in before.items())
    _, children = mlflow_runs(home)
    assert sorted(int(child.data.tags["hpsearch.trial"]) for child in children) == list(range(TOTAL))
