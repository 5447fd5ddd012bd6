"""Datasets that come with scikit-learn: the same from the cache as prepared."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from hpsearch import cache, registry
from hpsearch.training.data import kept
from hpsearch.training.data import prepare as module
from hpsearch.training.data.arrays import Dataset, Source
from hpsearch.training.data.prepare import prepare
from hpsearch.training.data.reader import Reader
from tests.training.data.examples import write_npz

BUNDLED = [n for n in registry.names("data") if isinstance(r := registry.load("data", n), Reader) and r.bundled]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(module, "_last", None)
    return tmp_path / "cache"


def same(one: Dataset, other: Dataset) -> bool:
    def equal(a: object, b: object) -> bool:
        return torch.equal(a, b) and a.dtype == b.dtype if isinstance(a, Tensor) and isinstance(b, Tensor) else a == b

    return all(equal(getattr(one, field.name), getattr(other, field.name)) for field in fields(one))


def again(source: Source, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    """As another process would read it."""
    monkeypatch.setattr(module, "_last", None)
    return prepare(source)


def test_some_are_bundled() -> None:
    assert {"digits", "wine", "breast_cancer", "diabetes"} == set(BUNDLED)


@pytest.mark.parametrize("name", BUNDLED)
def test_the_cache_gives_what_was_prepared(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source(name)
    first = prepare(source)
    assert len(list(folder.iterdir())) == 2  # the rows of its parts too
    monkeypatch.setattr(module, "_prepared", pytest.fail)
    kept = again(source, monkeypatch)
    assert kept is not first
    assert same(kept, first)
    assert kept.fingerprint == first.fingerprint


def test_another_source_has_another_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, source in enumerate([Source("digits"), Source("digits", seed=1), Source("digits", normalize="none")]):
        assert same(again(source, monkeypatch), module._prepared(source))
        assert len(list(folder.iterdir())) > number + 1


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 half", None])
def test_broken_files_are_made_again(content: bytes | None, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = prepare(Source("digits"))
    whole = {file: file.read_bytes() for file in folder.iterdir()}
    for file, was in whole.items():
        file.write_bytes(was[: len(was) // 2] if content is None else content)
    assert same(again(Source("digits"), monkeypatch), first)
    assert {file: len(file.read_bytes()) for file in folder.iterdir()} == {f: len(was) for f, was in whole.items()}


def test_nothing_in_it_is_unpickled(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = prepare(Source("digits"))
    for file in list(folder.iterdir()):
        np.savez(file, described=np.array([{"classes": 10}], dtype=object), train=np.array([{}], dtype=object))
    assert same(again(Source("digits"), monkeypatch), first)


@pytest.mark.parametrize("name", ["digits", "npz"])
def test_from_the_cache_scikit_learn_is_not_imported(name: str, folder: Path) -> None:
    path = write_npz(folder.parent / "a.npz") if name == "npz" else None
    prepare(Source(name, path=path))
    code = f"""
        import sys
        from hpsearch.training.data.arrays import Source
        from hpsearch.training.data.prepare import prepare
        assert len(prepare(Source({name!r}, path={path!r})).train_y)
        assert "sklearn" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", "\n".join(map(str.strip, code.splitlines()))], check=True)


def test_of_files_of_ones_own_only_the_rows_are_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source("npz", path=write_npz(folder.parent / "a.npz"))
    first = prepare(source)
    (file,) = folder.iterdir()
    with np.load(file) as rows:
        assert set(rows.files) == {"train", "dev", "test"}
    assert same(again(source, monkeypatch), first)


def test_what_is_large_is_not_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "LARGEST", 10)
    assert same(prepare(Source("digits")), again(Source("digits"), monkeypatch))
    assert not folder.exists()
