"""What was measured is remembered from run to run, by many processes at once, and a broken file is none."""

from __future__ import annotations

import json
import resource
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from hpsearch.execution import memory
from hpsearch.execution.stack_sizes import StackSizes, identity
from hpsearch.training.config import configure, signature
from hpsearch.training.measure import StackCost
from tests.training import trials

CPU = "cpu Some Processor, 1 threads, torch 2, hpsearch 0"
DATA = trials.dataset()
KIND = signature(configure({"depth": 2}))
OTHER = signature(configure({"depth": 3}))
COST = StackCost(4, {1: 0.4, 4: 0.1}, 1000, 10, "limit")


def test_a_measurement_is_known_to_the_next_run(tmp_path: Path) -> None:
    file = tmp_path / "home" / "stack-sizes.json"
    sizes = StackSizes(file, CPU, 16)
    assert sizes.known("mlp", KIND, DATA) is None
    sizes.put("mlp", KIND, DATA, COST)
    assert sizes.known("mlp", KIND, DATA) == COST
    assert StackSizes(file, CPU, 16).known("mlp", KIND, DATA) == COST


def test_it_is_known_of_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "stack-sizes.json"
    StackSizes(file, CPU, 16).put("mlp", KIND, DATA, COST)
    again = StackSizes(file, CPU, 16)
    assert again.known("mlp", OTHER, DATA) is None
    assert again.known("dbn", KIND, DATA) is None
    assert again.known("mlp", KIND, trials.dataset(features=12)) is None
    assert again.known("mlp", KIND, trials.dataset(samples=100)) is None
    assert StackSizes(file, "cuda Some GPU", 16).known("mlp", KIND, DATA) is None
    assert StackSizes(file, CPU, 8).known("mlp", KIND, DATA) is None


def test_what_want_of_memory_cut_short_is_not_kept_for_later(tmp_path: Path) -> None:
    file = tmp_path / "stack-sizes.json"
    sizes = StackSizes(file, CPU, 16)
    short = StackCost(1, {1: 0.4}, 1000, 10, "memory")
    sizes.put("mlp", KIND, DATA, short)
    assert sizes.known("mlp", KIND, DATA) == short
    assert StackSizes(file, CPU, 16).known("mlp", KIND, DATA) is None


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"7", b"\xff\xfe", b'{"a": 1}', b'{"a": {"size": 2}}', b'{"a": {"seconds": []}}']
)
def test_a_broken_file_counts_as_empty_and_is_written_anew(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "stack-sizes.json"
    file.write_bytes(content)
    sizes = StackSizes(file, CPU, 16)
    assert sizes.known("mlp", KIND, DATA) is None
    sizes.put("mlp", KIND, DATA, COST)
    assert len(json.loads(file.read_text())) == 1


def test_a_home_that_takes_no_file_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    sizes = StackSizes(tmp_path / "file" / "stack-sizes.json", CPU, 16)
    sizes.put("mlp", KIND, DATA, COST)
    assert sizes.known("mlp", KIND, DATA) == COST
    nowhere = StackSizes(None, CPU, 16)
    nowhere.put("mlp", KIND, DATA, COST)
    assert nowhere.known("mlp", KIND, DATA) == COST


def _write(file: Path, first: int) -> None:
    sizes = StackSizes(file, CPU, 16)
    for depth in range(first, first + 10):
        sizes.put("mlp", signature(configure({"depth": depth})), DATA, COST)


def test_writers_at_the_same_time_lose_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hpsearch.execution.stack_sizes.LOCK_SECONDS", 300.0)  # the disk may be slow
    file = tmp_path / "stack-sizes.json"
    with ThreadPoolExecutor(3) as writers:  # each opens the lock for itself, as a process would
        list(writers.map(_write, [file] * 3, (1, 11, 21)))
    sizes = StackSizes(file, CPU, 16)
    depths = [d for d in range(1, 31) if sizes.known("mlp", signature(configure({"depth": d})), DATA) == COST]
    assert depths == list(range(1, 31))
    assert not list(tmp_path.glob("*.part"))


def test_of_two_measurements_the_last_one_stays(tmp_path: Path) -> None:
    file = tmp_path / "stack-sizes.json"
    one, other = StackSizes(file, CPU, 16), StackSizes(file, CPU, 16)
    later = StackCost(1, {1: 0.1, 2: 0.2}, 1000, 10, "worse")
    one.put("mlp", KIND, DATA, COST)
    other.put("mlp", KIND, DATA, later)
    assert StackSizes(file, CPU, 16).known("mlp", KIND, DATA) == later


def test_the_limit_decides_which_sizes_are_measured() -> None:
    assert StackSizes(None, CPU, 10).sizes == (1, 2, 4, 8)
    assert StackSizes(None, CPU, 10_000).sizes[-1] == 64
    assert StackSizes(None, "cuda Some GPU", 10_000).sizes[-1] == 512


def test_a_device_is_named_by_kind_model_threads_and_versions() -> None:
    said = identity("cpu")
    assert said == identity("cpu")
    assert said.startswith("cpu ")
    assert "threads, float32, torch 2" in said
    assert identity("cpu", "float64") != said


def test_memory_is_what_limits_leave_shared_by_the_workers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Machine:
        available = 10_000

    monkeypatch.setattr(psutil, "virtual_memory", Machine)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY,) * 2)
    limit, used = tmp_path / "max", tmp_path / "current"
    monkeypatch.setattr(memory, "_GROUPS", ((limit, used),))
    assert memory.available_bytes("cpu", share=0.5) == 5000
    assert memory.available_bytes("cpu", workers=4, share=0.5) == 1250
    limit.write_text("max\n")
    used.write_text("9000\n")
    assert memory.available_bytes("cpu", share=0.5) == 5000
    limit.write_text("10000\n")
    assert memory.available_bytes("cpu", share=0.5) == 500
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1, 1))
    assert memory.available_bytes("cpu") == 0
