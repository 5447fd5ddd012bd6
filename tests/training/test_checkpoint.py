"""A checkpoint comes back as it was, or not at all; and nothing in it is ever executed."""

from __future__ import annotations

import math
import os
import pickle
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from hpsearch.events import EpochEnded, to_json
from hpsearch.files import write_whole
from hpsearch.training import checkpoint, network_files
from hpsearch.training.checkpoint import Best, Checkpoint
from hpsearch.training.config import configure
from tests.training import trials
from tests.training.test_alone_is_together import same_state

VALUES: dict[str, Any] = {"depth": 1, "width": 5, "batch_norm": True, "optimizer": "adam", "batch_size": 16}
CONFIG = configure(VALUES)
DATA = trials.dataset()
PROGRAM = trials.program(VALUES, DATA)


def trained(epochs: int = 2) -> Checkpoint:
    """A trial in a stack with another, whose row it is."""
    states = [trials.start(PROGRAM, seed=seed, values=VALUES, number=seed) for seed in (4, 5)]
    told = trials.train(PROGRAM, states, epochs)[5]
    past = [EpochEnded(5, n + 1, metrics, 1.5 * n, 0.1, {"norm": [n / 3]}, 3, 2) for n, metrics in enumerate(told)]
    states[1].signals = past[-1].signals
    best = Best(1, 0.1, states[1].parameters * 2, states[1].buffers * 3)
    return Checkpoint(states[1], past, best)


def identity(**changed: Any) -> str:
    given = {"config": CONFIG, "seed": 5, "model": "mlp", "objective": ("dev_accuracy", "maximize"), "data": "d"}
    return checkpoint.identity(**given | changed)  # type: ignore[arg-type]


def read(file: Path, **changed: Any) -> Checkpoint | None:
    return checkpoint.read(file, identity(**changed), PROGRAM, 5, 5, CONFIG)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    file = network_files.checkpoint(tmp_path, 5)
    write_whole(file, *checkpoint.encode(trained(), identity()))
    return file


def test_a_checkpoint_comes_back_with_every_bit(saved: Path) -> None:
    expected, found = trained(), read(saved)
    assert found is not None
    assert found.best is not None
    assert expected.best is not None
    assert same_state(found.state, expected.state)
    assert (found.state.number, found.state.seed, found.state.config) == (5, 5, CONFIG)
    assert found.state.signals == {"norm": [1 / 3]}
    assert found.past == expected.past
    assert (found.best.epoch, found.best.value) == (1, 0.1)
    assert torch.equal(found.best.parameters, expected.best.parameters)
    assert torch.equal(found.best.buffers, expected.best.buffers)


def test_a_checkpoint_of_an_older_version_does_not_say_who_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def older(event: EpochEnded) -> dict[str, Any]:
        return {key: value for key, value in to_json(event).items() if key not in ("worker", "stack")}

    file = network_files.checkpoint(tmp_path, 5)
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "to_json", older)
        write_whole(file, *checkpoint.encode(trained(), identity()))
    found = read(file)
    assert found is not None
    assert list(found.past) == [replace(event, worker=0, stack=1) for event in trained().past]


def test_numbers_that_are_not_finite_survive(tmp_path: Path) -> None:
    made = trained(1)
    past = [replace(made.past[0], metrics={"dev_r2": math.nan, "a": math.inf, "b": 0.1})]
    file = network_files.checkpoint(tmp_path, 5)
    write_whole(file, *checkpoint.encode(replace(made, past=past, best=None), identity()))
    found = read(file)
    assert found is not None
    assert found.best is None
    assert repr(found.past) == repr(past)


def test_a_checkpoint_takes_only_its_own_row_of_the_stack() -> None:
    _, content = checkpoint.encode(replace(trained(), best=None), identity())
    alone = trials.start(PROGRAM, 5, VALUES)
    floats = alone.parameters.numel() * 3 + alone.buffers.numel()
    assert len(content) < 4 * floats + 4096


@pytest.mark.parametrize(
    "changed",
    [
        {"config": configure(VALUES | {"dropout": 0.1})},
        {"config": configure(VALUES | {"epochs": 21})},
        {"seed": 6},
        {"model": "other"},
        {"objective": ("dev_loss", "minimize")},
        {"data": "e"},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_the_checkpoint_of_another_trial_is_none(saved: Path, changed: dict[str, Any]) -> None:
    assert read(saved) is not None
    assert read(saved, **changed) is None


def test_other_versions_compute_otherwise(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "__version__", "99.0")
    assert read(saved) is None


@pytest.mark.parametrize("part", ["train_x", "train_y", "dev_x", "dev_y"])
def test_one_changed_number_makes_it_other_data(part: str) -> None:
    tensor = getattr(DATA, part).clone()
    tensor.view(-1)[-1] += 1
    changed: dict[str, Any] = {part: tensor}
    assert checkpoint.content_digest(DATA) == checkpoint.content_digest(trials.dataset())
    assert checkpoint.content_digest(replace(DATA, **changed)) != checkpoint.content_digest(DATA)
    assert checkpoint.content_digest(replace(DATA, test_x=DATA.test_x + 1)) == checkpoint.content_digest(DATA)


def test_a_network_that_has_changed_under_its_name_cannot_be_continued(saved: Path) -> None:
    wider = trials.program(VALUES | {"width": 6}, DATA)
    assert checkpoint.read(saved, identity(), wider, 5, 5, CONFIG) is None
    double = trials.program(VALUES, trials.dataset(dtype=torch.float64))
    assert checkpoint.read(saved, identity(), double, 5, 5, CONFIG) is None


def truncated(content: bytes) -> bytes:
    return content[:-100]


def flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def without_head(content: bytes) -> bytes:
    return content.partition(b"\n")[2]


@pytest.mark.parametrize("spoil", [truncated, flipped, without_head, lambda c: b"", lambda c: c[:40], lambda c: c + c])
def test_a_file_that_is_not_whole_is_none(saved: Path, spoil: Callable[[bytes], bytes]) -> None:
    saved.write_bytes(spoil(saved.read_bytes()))
    assert read(saved) is None


def test_no_file_and_a_folder_are_none(tmp_path: Path) -> None:
    assert read(tmp_path / "nothing") is None
    assert read(tmp_path) is None


class Bomb:
    """Unpickling it makes a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (self.folder,)


def test_a_pickled_bomb_does_nothing(tmp_path: Path) -> None:
    made, harm = tmp_path / "made.pt", tmp_path / "harm"
    torch.save({"past": Bomb(harm)}, made)
    pickle.loads(pickle.dumps(Bomb(tmp_path / "proof")))
    assert (tmp_path / "proof").exists(), "the bomb does not work"
    file = network_files.checkpoint(tmp_path, 5)
    for content in (made.read_bytes(), pickle.dumps(Bomb(harm))):
        file.write_bytes(content)
        assert read(file) is None
        file.write_bytes(checkpoint._head(identity(), memoryview(content)) + content)  # as if we had written it
        assert read(file) is None
    assert not harm.exists()


def test_a_disk_that_is_full_leaves_the_file_before_and_no_part(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = saved.read_bytes()

    def full(file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(saved, b"new")
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


def test_reading_needs_no_unpickler_of_pythons_own(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: Any, **named: Any) -> Any:
        raise AssertionError("unpickled")

    monkeypatch.setattr(sys.modules["pickle"], "loads", refuse)
    monkeypatch.setattr(sys.modules["pickle"], "load", refuse)
    assert read(saved) is not None
