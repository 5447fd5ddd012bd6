"""The journal survives what a dying writer leaves behind."""

from __future__ import annotations

import resource
import signal
from pathlib import Path

import optuna
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from optuna.storages.journal import JournalFileBackend

from hpsearch.errors import HpsearchError
from hpsearch.search.reading import read_studies
from hpsearch.search.storage import cut_torn_tail, open_storage, sync


def filled(home: Path) -> Path:
    storage = open_storage(home, None, write=True)
    study = optuna.create_study(study_name="s", storage=storage)
    for value in range(5):
        study.add_trial(optuna.create_trial(value=float(value)))
    return home / "optuna.journal"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(1, 400), garbage=st.binary(max_size=40))
def test_a_torn_tail_is_cut_and_what_was_whole_stays(tmp_path: Path, cut: int, garbage: bytes) -> None:
    journal = tmp_path / "optuna.journal"
    if not journal.exists():
        filled(tmp_path)
        (tmp_path / "whole").write_bytes(journal.read_bytes())
    whole = (tmp_path / "whole").read_bytes()
    torn = whole[: max(0, len(whole) - cut)]
    journal.write_bytes(torn + garbage)
    kept = torn[: torn.rfind(b"\n") + 1]
    storage = open_storage(tmp_path, None, write=True)
    assert journal.read_bytes().startswith(kept)
    assert storage is not None
    if optuna.get_all_study_names(storage):
        study = optuna.load_study(study_name="s", storage=storage)
        before = len(study.trials)
        study.add_trial(optuna.create_trial(value=9.0))
        reader = open_storage(tmp_path, None, write=False)
        assert reader is not None
        again = optuna.load_study(study_name="s", storage=reader)
        assert len(again.trials) == before + 1


def test_a_whole_journal_is_left_as_it_is(tmp_path: Path) -> None:
    journal = filled(tmp_path)
    before = journal.read_bytes()
    assert cut_torn_tail(journal) == 0
    assert journal.read_bytes() == before


def test_two_writers_of_one_journal_see_each_other(tmp_path: Path) -> None:
    storages = [open_storage(tmp_path, None, write=True) for _ in range(2)]
    one, other = (optuna.create_study(study_name=name, storage=s) for name, s in zip("ab", storages, strict=True))
    for number in range(6):
        for study in (one, one, other) if number % 2 else (other, one):
            study.add_trial(optuna.create_trial(value=float(number)))
    reader = open_storage(tmp_path, None, write=False)
    for storage in (*storages, reader):
        assert storage is not None
        seen = {name: [t.value for t in optuna.load_study(study_name=name, storage=storage).trials] for name in "ab"}
        assert seen == {"a": [0, 1, 1, 2, 3, 3, 4, 5, 5], "b": [0, 1, 2, 3, 4, 5]}


def test_what_this_process_appended_is_not_read_from_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = filled(tmp_path)
    storage = open_storage(tmp_path, None, write=True)
    assert storage is not None
    study = optuna.load_study(study_name="s", storage=storage)
    monkeypatch.setattr(JournalFileBackend, "read_logs", lambda *_: pytest.fail("read again"))
    for value in range(3):
        study.add_trial(optuna.create_trial(value=float(value)))
    assert len(study.trials) == 8
    assert journal.read_bytes().count(b"\n") == 9


def test_a_last_line_of_zeros_is_cut(tmp_path: Path) -> None:
    journal = filled(tmp_path)
    before = journal.read_bytes()
    journal.write_bytes(before + b"\0" * 70_000 + b"\n")
    assert cut_torn_tail(journal) == 70_001
    assert journal.read_bytes() == before


def test_reading_makes_nothing(tmp_path: Path) -> None:
    assert open_storage(tmp_path / "none", None, write=False) is None
    assert read_studies(None) == []
    assert not (tmp_path / "none").exists()


def test_a_full_disk_is_said_in_one_line_and_leaves_no_half_a_line(tmp_path: Path) -> None:
    journal = filled(tmp_path)
    storage = open_storage(tmp_path, None, write=True)
    assert storage is not None
    before = journal.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 10, limits[1]))
    try:
        with pytest.raises(HpsearchError, match="cannot be written"):
            optuna.create_study(study_name="t", storage=storage)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert journal.read_bytes() == before
    sync(storage)
    assert optuna.get_all_study_names(storage) == ["s"]


@pytest.mark.parametrize("line", ["[1, 2]", '{"op_code": 99, "worker_id": "x"}', "{}", "garbage"])
def test_a_line_that_is_no_record_is_said_in_one_line(tmp_path: Path, line: str) -> None:
    journal = filled(tmp_path)
    journal.write_text(line + "\n" + journal.read_text())
    for write in (True, False):
        with pytest.raises(HpsearchError, match="the journal can't be read") as error:
            open_storage(tmp_path, None, write=write)
        assert "\n" not in str(error.value)
