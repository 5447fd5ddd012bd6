"""The user's cache folder: kept, recalled, bounded, and never in the way."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hpsearch import cache


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_what_is_kept_is_recalled() -> None:
    assert cache.recall("a.npz") is None
    cache.keep("a.npz", b"content", 3)
    assert cache.recall("a.npz") == b"content"


def test_the_oldest_of_a_kind_go(folder: Path) -> None:
    for number in range(5):
        cache.keep(f"{number}.npz", b"", 3)
        os.utime(folder / f"{number}.npz", (number, number))
    cache.keep("a.db", b"", 1)
    assert sorted(file.name for file in folder.iterdir()) == ["2.npz", "3.npz", "4.npz", "a.db"]


def test_a_folder_that_takes_nothing_is_no_error(folder: Path) -> None:
    folder.write_text("a file")
    cache.keep("a.npz", b"content", 3)
    assert cache.recall("a.npz") is None


def test_without_the_variable_it_is_the_users_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(cache.VARIABLE)
    assert cache.folder().name == "hpsearch"
