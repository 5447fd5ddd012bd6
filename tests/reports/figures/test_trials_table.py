from __future__ import annotations

import json
import math
from typing import Any

from hpsearch.events import Failure
from hpsearch.reports.figure import Missing
from hpsearch.reports.figures.trials_table import TrialsTable, compute, draw
from hpsearch.reports.theme import LIGHT
from hpsearch.search.records import Dimension
from tests.reports.studies import search, study, trial


def test_rows_come_from_the_best_down_and_then_by_number() -> None:
    record = compute(
        study(
            trial(0, state="PRUNED", params={"depth": 2}, metrics={"a": [1.0]}),
            trial(1, 0.0, params={"depth": 1}, failure=Failure.DIVERGED),
            trial(2, 0.5, params={"depth": 3, "on": True}, seconds=1.5),
            trial(3, 0.987654321, params={"depth": 4}, start=61),
            dimensions=(Dimension("depth", low=1, high=4, integer=True), Dimension("on", options=(True, False))),
        )
    )
    assert isinstance(record, TrialsTable)
    assert [(one.heading, one.numeric, one.searched) for one in record.columns] == [
        ("trial", True, False), ("state", False, False), ("dev accuracy", True, False), ("failure", False, False),
        ("diagnosis", False, False), ("epochs", True, False), ("seconds", True, False), ("started", False, False),
        ("depth", True, True), ("on", False, True),
    ]  # fmt: skip
    assert record.rows == (
        (3, "COMPLETE", 0.98765, None, None, 0, 10, "2026-11-01 09:01:01", 4, None),
        (2, "COMPLETE", 0.5, None, None, 0, 1.5, "2026-11-01 09:00:00", 3, "true"),
        (0, "PRUNED", None, None, None, 1, 10, "2026-11-01 09:00:00", 2, None),
        (1, "COMPLETE", 0, "diverged", None, 0, 10, "2026-11-01 09:00:00", 1, None),
    )
    assert (record.best, record.total) == (3, 4)


def test_the_smallest_loss_comes_first() -> None:
    record = compute(study(trial(0, 0.5), trial(1, 0.2), direction="minimize"))
    assert isinstance(record, TrialsTable)
    assert [row[0] for row in record.rows] == [1, 0]


def rows(markup: str) -> Any:
    return json.loads(markup.partition('class="rows">')[2].partition("</script>")[0])


def test_the_rows_are_data_in_which_words_stand_once() -> None:
    record = compute(search(150))
    assert isinstance(record, TrialsTable)
    data = rows(draw(record, LIGHT))
    assert data["best"] == record.best
    for column, one in zip(data["columns"], record.columns, strict=True):
        words = column.get("words")
        cells = [None if cell is None else cell if words is None else words[cell] for cell in column["cells"]]
        assert tuple(cells) == one.cells
        assert words is None or len(words) == len(set(words))


def test_cells_and_headings_are_escaped() -> None:
    evil = "<img src=x></script>"
    record = compute(study(trial(0, 1.0, params={evil: evil}), dimensions=(Dimension(evil, options=(evil, 1)),)))
    assert isinstance(record, TrialsTable)
    markup = draw(record, LIGHT)
    assert "<img" not in markup
    assert markup.count("</script>") == 1
    assert rows(markup)["columns"][-1]["words"] == [evil]


def test_values_that_are_not_finite_are_missing() -> None:
    record = compute(study(trial(0, math.inf), trial(1, math.nan)))
    assert isinstance(record, TrialsTable)
    assert record.columns[2].cells == (None, None)
    assert rows(draw(record, LIGHT))


def test_a_capped_table_says_so() -> None:
    record = compute(search(30), most=10)
    assert isinstance(record, TrialsTable)
    assert len(record.rows) == 10
    assert [row[0] for row in record.rows[:1]] == [record.best]
    assert "The best 10 of 30 trials are listed." in draw(record, LIGHT)


def test_no_trial_is_a_reason() -> None:
    assert compute(study()) == Missing("No trial has started yet.")
