"""The disk budget: total within it, the best always there, the worst go first."""

from __future__ import annotations

import logging
import math
import tempfile
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hpsearch.execution.shelf import Shelf, kept
from hpsearch.training import network_files, weights


@given(sizes=st.lists(st.integers(1, 50), max_size=12), room=st.integers(-20, 200))
def test_as_many_stay_as_fit_best_first_and_the_best_always(sizes: list[int], room: int) -> None:
    stay = kept(sizes, room)
    assert stay >= min(1, len(sizes))
    assert sum(sizes[:stay]) <= room or stay <= 1
    assert stay == len(sizes) or sum(sizes[: stay + 1]) > room, "one more would have fitted"


def network(units: int) -> dict[str, torch.Tensor]:
    return {"weight": torch.zeros(units)}


def size_of(units: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        weights.save(Path(folder) / "trial-00000.pt", network(units))
        return (Path(folder) / "trial-00000.pt").stat().st_size


def on_disk(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


def numbers(folder: Path, suffix: str = ".pt") -> list[int]:
    return sorted(int(file.name[6:11]) for file in folder.glob(f"trial-?????{suffix}"))


def finish(shelf: Shelf, number: int, value: float | None, units: int = 10, best: int | None = None) -> None:
    shelf.put_network(number, network(units), None if best is None else network(best))
    shelf.ended(number, value)


TrialSize = tuple[float, int, bool, int]


@given(
    ends=st.lists(st.tuples(st.floats(0, 1), st.integers(1, 4000), st.booleans(), st.integers(0, 9000)), max_size=10),
    disk=st.integers(1, 40_000),
    direction=st.sampled_from(["maximize", "minimize"]),
    again=st.booleans(),
)
def test_whatever_ends_the_folder_keeps_its_budget_and_the_best(
    ends: list[TrialSize], disk: int, direction: str, again: bool
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, values = Path(name), dict[int, float]()
        shelf, before = Shelf(folder, disk, direction), set[int]()

        def there(before: set[int]) -> set[int]:
            """The trials whose networks are there, after one step that began with those of `before`."""
            best_first = sorted(values, key=lambda n: (-values[n] if direction == "maximize" else values[n], n))
            now = {*numbers(folder)}
            assert now >= {*best_first[:1]}
            assert now <= before
            gone = [n for n in best_first if n in before - now]
            assert not gone or all(best_first.index(n) < best_first.index(gone[0]) for n in now)
            assert on_disk(folder) <= disk or len(now) == 1
            return now

        for number, (value, units, two, saved) in enumerate(ends):
            put = saved > 0 and shelf.put_checkpoint(number, b"x" * saved)
            assert network_files.checkpoint(folder, number).exists() == put
            before = there(before)
            finish(shelf, number, value, units, units if two else None)
            values[number] = value
            before = there({*before, number})
            assert {int(f.name[6:11]) for f in folder.glob("*-best.pt")} <= before
            if again:
                shelf = Shelf(folder, disk, direction)
                shelf.tidy(values, [])
                assert {*numbers(folder)} == before


def test_a_trial_without_a_value_leaves_nothing(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, 10**9, "maximize")
    assert shelf.put_checkpoint(1, b"abc")
    finish(shelf, 1, None, best=3)
    shelf.ended(2, None)
    assert list(tmp_path.iterdir()) == []


def test_a_value_that_is_no_number_is_the_worst(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, size_of(10) + 10, "minimize")
    finish(shelf, 0, math.nan)
    finish(shelf, 1, 1e30)
    assert numbers(tmp_path) == [1]


def test_a_checkpoint_takes_the_room_of_worse_networks_but_not_of_the_best(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one = size_of(10)
    shelf = Shelf(tmp_path, 3 * one, "maximize")
    for number, value in enumerate([0.2, 0.3, 0.1]):
        finish(shelf, number, value)
    assert shelf.put_checkpoint(9, b"x", b"x" * (one - 1))
    assert numbers(tmp_path) == [0, 1]
    assert not caplog.records
    assert not shelf.put_checkpoint(8, b"x" * (one + 1))
    assert shelf.put_checkpoint(8, b"x" * one)
    assert numbers(tmp_path) == [1]
    assert not shelf.put_checkpoint(7, b"x")
    assert network_files.checkpoint(tmp_path, 9).exists()
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "execution.checkpoints.disk" in caplog.text
    shelf.ended(9, None)
    assert shelf.put_checkpoint(7, b"x")


def test_a_newer_checkpoint_counts_in_place_of_the_older(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, 100, "maximize")
    assert shelf.put_checkpoint(1, b"x" * 80)
    assert shelf.put_checkpoint(1, b"y" * 90)
    assert not shelf.put_checkpoint(1, b"z" * 101)
    assert network_files.checkpoint(tmp_path, 1).read_bytes() == b"y" * 90
    assert not shelf.put_checkpoint(2, b"x" * 11)
    assert shelf.put_checkpoint(2, b"x" * 10)


def test_what_an_earlier_run_left_behind_goes_and_what_is_not_ours_stays(tmp_path: Path) -> None:
    names = [
        "trial-00001.pt", "trial-00001-best.pt", "trial-00002.pt", "trial-00003.checkpoint", "trial-00004.checkpoint",
        "trial-00005.pt.part", "trial-00003.checkpoint.part", "trial-00001-best.pt.part", "trial-mine.pt", "best.json",
    ]  # fmt: skip
    for name in names:
        (tmp_path / name).write_bytes(b"x")
    Shelf(tmp_path, 10**9, "maximize").tidy({1: 0.5, 7: 0.9}, [3])
    left = {file.name for file in tmp_path.iterdir()}
    assert left == {"trial-00001.pt", "trial-00001-best.pt", "trial-00003.checkpoint", "trial-mine.pt", "best.json"}


def test_tidying_a_folder_that_is_not_there_does_nothing(tmp_path: Path) -> None:
    Shelf(tmp_path / "none", 10, "maximize").tidy({}, [])
    assert not (tmp_path / "none").exists()


def test_a_disk_that_refuses_is_told_once_and_nothing_else_happens(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_bytes(b"")
    shelf = Shelf(tmp_path / "file" / "folder", 10**9, "maximize")
    for number in range(3):
        assert not shelf.put_checkpoint(number, b"x")
        shelf.put_network(number, network(3), None)
        shelf.ended(number, 0.5)
    assert len(caplog.records) == 2
