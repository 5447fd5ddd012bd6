from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpsearch.errors import HpsearchError
from hpsearch.tracking.outbox import Outbox, records

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(st.text(), values, max_size=4)


def written(path: Path, some: list[dict[str, Any]]) -> Path:
    path.unlink(missing_ok=True)
    outbox = Outbox(path)
    for record in some:
        outbox.append(record)
    outbox.close()
    return path


def read(path: Path, offset: int = 0) -> list[dict[str, Any]]:
    return [record for record, _ in records(path, offset)]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("outbox") / "study.jsonl"


@given(st.lists(objects, max_size=5))
def test_what_was_appended_is_read_back_in_order(path: Path, some: list[dict[str, Any]]) -> None:
    assert read(written(path, some)) == some


@given(st.lists(objects, min_size=1, max_size=5), st.data())
def test_reading_may_stop_after_any_record_and_go_on_there(
    path: Path, some: list[dict[str, Any]], data: st.DataObject
) -> None:
    ends = [end for _, end in records(written(path, some))]
    stop = data.draw(st.integers(0, len(some) - 1))
    assert read(path, ends[stop]) == some[stop + 1 :]


@given(st.lists(objects, min_size=1, max_size=4), st.data())
def test_a_file_cut_at_any_byte_keeps_its_whole_records_and_can_be_continued(
    path: Path, some: list[dict[str, Any]], data: st.DataObject
) -> None:
    content = written(path, some).read_bytes()
    cut = content[: data.draw(st.integers(0, len(content)))]
    path.write_bytes(cut)
    whole = some[: cut.count(b"\n")]
    assert read(path) == whole
    outbox = Outbox(path)
    outbox.append({"kind": "next"})
    outbox.close()
    assert read(path) == [*whole, {"kind": "next"}]


@given(
    st.lists(objects, min_size=1, max_size=4),
    st.binary(min_size=1, max_size=40).filter(lambda b: b"{" not in b),
)
def test_garbage_at_the_end_neither_is_read_nor_stays(path: Path, some: list[dict[str, Any]], garbage: bytes) -> None:
    content = written(path, some).read_bytes()
    path.write_bytes(content + b"\x00" + garbage)
    ends = [end for _, end in records(path)]
    assert ends[-1] <= len(content)
    Outbox(path).close()
    assert path.read_bytes() == content


def test_a_line_that_is_under_way_is_read_whole_later(path: Path) -> None:
    line = b'{"kind":"epoch","number":3}\n'
    path.write_bytes(line + line[:9])
    [(_, end)] = records(path)
    path.write_bytes(line + line)
    assert read(path, end) == [{"kind": "epoch", "number": 3}]


def test_a_file_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert read(tmp_path / "none.jsonl") == []


def test_what_is_recorded_is_known_at_once_and_after_opening_again(tmp_path: Path) -> None:
    path = tmp_path / "deeper" / "study.jsonl"
    outbox = Outbox(path)
    outbox.append({"kind": "trial_started", "number": 4})
    outbox.append({"kind": "study"})
    for box in (outbox, Outbox(path)):
        assert box.recorded("trial_started", 4)
        assert box.recorded("study")
        assert not box.recorded("trial_ended", 4)
        assert not box.recorded("trial_started", 5)
        box.close()


def test_nan_passes_through_so_that_the_reader_can_name_it(tmp_path: Path) -> None:
    [record] = read(written(tmp_path / "s.jsonl", [{"loss": math.nan}]))
    assert math.isnan(record["loss"])


def test_a_full_disk_is_one_clear_line_and_leaves_no_part_of_a_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox = Outbox(tmp_path / "s.jsonl")
    outbox.append({"kind": "study"})
    file = outbox._file

    class FullDisk:
        def write(self, line: bytes) -> int:
            return file.write(line[:5])

        truncate = file.truncate

    monkeypatch.setattr(outbox, "_file", FullDisk())
    with pytest.raises(HpsearchError, match=r"s\.jsonl: cannot write: the disk is full"):
        outbox.append({"kind": "epoch"})
    monkeypatch.setattr(outbox, "_file", file)
    assert not outbox.recorded("epoch")
    outbox.append({"kind": "interrupted"})
    outbox.close()
    lines = outbox.path.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["kind"] for line in lines] == ["study", "interrupted"]


def test_a_place_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HpsearchError, match="cannot write"):
        Outbox(tmp_path / "file" / "s.jsonl")
