from __future__ import annotations

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
    assert record == TrialsTable(
        headings=(
            ("trial", True), ("state", False), ("dev accuracy", True), ("failure", False), ("diagnosis", False),
            ("epochs", True), ("seconds", True), ("started", False), ("depth", True), ("on", False),
        ),
        rows=(
            ("3", "COMPLETE", "0.98765", "—", "—", "0", "10", "2026-11-01 09:01:01", "4", "—"),
            ("2", "COMPLETE", "0.5", "—", "—", "0", "1.5", "2026-11-01 09:00:00", "3", "true"),
            ("0", "PRUNED", "—", "—", "—", "1", "10", "2026-11-01 09:00:00", "2", "—"),
            ("1", "COMPLETE", "0", "diverged", "—", "0", "10", "2026-11-01 09:00:00", "1", "—"),
        ),
        best=3,
        total=4,
    )  # fmt: skip


def test_the_smallest_loss_comes_first() -> None:
    record = compute(study(trial(0, 0.5), trial(1, 0.2), direction="minimize"))
    assert isinstance(record, TrialsTable)
    assert [row[0] for row in record.rows] == ["1", "0"]


def test_the_best_row_is_marked_and_rows_beyond_the_first_hundred_wait() -> None:
    record = compute(search(150))
    assert isinstance(record, TrialsTable)
    markup = draw(record, LIGHT)
    assert markup.count('<tr class="best">') == 1
    assert markup.index('class="best"') < markup.index("<tr>", markup.index("<tbody>"))
    assert markup.count("<tr hidden>") == 50


def test_cells_and_headings_are_escaped() -> None:
    evil = "<img src=x>"
    record = compute(study(trial(0, 1.0, params={evil: evil}), dimensions=(Dimension(evil, options=(evil, 1)),)))
    assert isinstance(record, TrialsTable)
    assert "<img" not in draw(record, LIGHT)
    assert draw(record, LIGHT).count("&lt;img src=x&gt;") == 2


def test_a_capped_table_says_so() -> None:
    record = compute(search(30), most=10)
    assert isinstance(record, TrialsTable)
    assert len(record.rows) == 10
    assert "The best 10 of 30 trials are listed." in draw(record, LIGHT)


def test_no_trial_is_a_reason() -> None:
    assert compute(study()) == Missing("No trial has started yet.")
