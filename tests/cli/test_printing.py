"""Tables for people: on a narrow terminal they are read down instead of being cut."""

from __future__ import annotations

import pytest
from rich.console import Console

from hpsearch.cli import printing

ROWS: list[dict[str, object]] = [
    {"contestant": name, **{f"a long column {n}": n / 7 for n in range(9)}} for name in ("random", "tpe")
]


def printed(rows: list[dict[str, object]], width: int, monkeypatch: pytest.MonkeyPatch) -> str:
    console = Console(width=width, force_terminal=True, color_system=None)
    monkeypatch.setattr(printing, "Console", lambda: console)
    with console.capture() as capture:
        printing.print_rows(rows, "table", "")
    return capture.get()


def test_few_rows_of_many_columns_stand_on_their_side_where_a_terminal_is_narrow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines = printed(ROWS, 80, monkeypatch).splitlines()
    assert lines[0].split() == ["contestant", "random", "tpe"]
    assert lines[2].split() == ["a", "long", "column", "1", "0.1429", "0.1429"]
    assert (len(lines), max(map(len, lines)) <= 80) == (10, True)
    assert len(printed(ROWS, 300, monkeypatch).splitlines()) == 3


def test_a_table_of_many_rows_or_with_a_column_that_folds_stays_upright(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(printed(ROWS * 9, 80, monkeypatch).splitlines()) == 19
    nested: list[dict[str, object]] = [{"number": 1, "params": {f"p{n}": 1.0 for n in range(30)}}]
    assert printed(nested, 80, monkeypatch).split()[:3] == ["number", "params", "1"]


def test_lists_are_words_and_no_code() -> None:
    assert printing._shown(["cpu", "cpu"]) == "cpu, cpu"
    assert printing._shown([[2, 1.0792538], [8, 1.7304]]) == "(2, 1.079), (8, 1.73)"


def test_only_a_terminal_breaks_prose_and_only_between_words() -> None:
    text = "devices: 2 x cpu, computing 62.0% of 7.2 s; waiting for the order 0.7%"
    for terminal, prose, lines in ((True, True, 2), (True, False, 1), (False, True, 1)):
        console = Console(width=40, force_terminal=terminal, color_system=None)
        with console.capture() as capture:
            printing.say(console, text, prose=prose)
        assert len(capture.get().splitlines()) == lines
        assert capture.get().split() == text.split()
