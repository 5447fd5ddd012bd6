"""The table of trials: its rows are compact JSON, which the page's script sorts, filters, shows and saves as CSV."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from markupsafe import Markup
from pydantic import Field

from hpsearch.events import Scalar
from hpsearch.reports.embed import embedded
from hpsearch.reports.figure import Figure, Missing
from hpsearch.reports.table import also, beside, column, diagnosis_of, taken_from
from hpsearch.reports.theme import Theme
from hpsearch.reports.words import label
from hpsearch.search.records import Dimension, StudyRecord, TrialRecord

MOST_CELLS = 250_000  # about a megabyte and a half
_PART = Markup("""<div class="trials">
<p class="tools">
<label>Search <input type="search" autocomplete="off"></label>
<output aria-live="polite"></output> {note}
<button type="button" class="save">Save as CSV</button>
</p>
<div class="scroll" tabindex="0" role="region" aria-label="Table of trials">
<table><thead><tr></tr></thead><tbody></tbody></table></div>
<button type="button" class="more" hidden>Show more</button>
<noscript><p class="note">The table needs JavaScript; <code>hpsearch trials</code> prints the same.</p></noscript>
<script type="application/json" class="rows">{data}</script>
</div>""")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading, its cells (None where there is nothing), and whether it is a hyperparameter's."""

    heading: str
    cells: tuple[Scalar, ...]
    numeric: bool
    searched: bool = False


@dataclass(frozen=True, slots=True)
class TrialsTable:
    """Columns whose cells are in the order of the rows, the best first; the first column has the trials' numbers."""

    columns: tuple[Column, ...]
    best: int | None
    total: int

    @property
    def rows(self) -> tuple[tuple[Scalar, ...], ...]:
        """The same row by row."""
        return tuple(zip(*(one.cells for one in self.columns), strict=True))


def compute(study: StudyRecord, *, most: Annotated[int, Field(ge=1)] = 20_000) -> TrialsTable | Missing:
    """The `most` best rows: by value, then those without one by number."""
    if not study.trials:
        return Missing("No trial has started yet.")
    most = min(most, MOST_CELLS // (8 + len(study.dimensions)))
    ordered = [*study.ranked, *(trial for trial in study.trials if not trial.scored)][:most]
    columns = [
        Column("trial", tuple(trial.number for trial in ordered), numeric=True),
        Column("state", tuple(trial.state for trial in ordered), numeric=False),
        Column(label(study.metric), tuple(_rounded(trial.value, 5) for trial in ordered), numeric=True),
        *(
            Column(label(name), tuple(_counted(beside(trial, name)) for trial in ordered), numeric=True)
            for name in also(study)
        ),
        Column("failure", tuple(None if t.failure is None else t.failure.value for t in ordered), numeric=False),
        *_taken_over(ordered),
        Column("diagnosis", tuple(diagnosis_of(trial) for trial in ordered), numeric=False),
        Column("epochs", tuple(trial.history.epochs for trial in ordered), numeric=True),
        Column("seconds", tuple(_rounded(trial.seconds, 3) for trial in ordered), numeric=True),
        Column("started", tuple(trial.started.strftime("%Y-%m-%d %H:%M:%S") for trial in ordered), numeric=False),
        *(_searched(dimension, ordered) for dimension in study.dimensions),
    ]
    best = study.best
    return TrialsTable(tuple(columns), None if best is None else best.number, len(study.trials))


def _taken_over(trials: Sequence[TrialRecord]) -> list[Column]:
    """Whose result a trial has, where any has another's."""
    sources = tuple(taken_from(trial) for trial in trials)
    return [Column("repeats", sources, numeric=False)] if any(sources) else []


def _searched(dimension: Dimension, trials: Sequence[TrialRecord]) -> Column:
    numbers = dimension.options is None or all(type(option) in (int, float) for option in dimension.options)
    cells = tuple(_cell(trial.params.get(dimension.name), dimension.name in trial.params) for trial in trials)
    return Column(label(column(dimension.name)), cells, numeric=numbers, searched=True)


def _cell(value: Scalar, there: bool) -> Scalar:
    """A hyperparameter's value: numbers to five digits; where there is a value that is no number, its word."""
    if not there:
        return None
    if isinstance(value, float):
        return _rounded(value, 5)
    return {True: "true", False: "false", None: "none"}[value] if value is None or isinstance(value, bool) else value


def _rounded(value: float | None, digits: int) -> float | int | None:
    """So many digits; whole numbers as whole numbers, which are shorter to write; nothing for what is not finite."""
    if value is None or not math.isfinite(value):
        return None
    short = float(f"{value:.{digits}g}")
    return int(short) if short == int(short) and abs(short) < 1e15 else short


def _counted(value: float | None) -> float | int | None:
    """Whole numbers, such as counts of parameters, to the last digit; others to five."""
    whole = value is not None and math.isfinite(value) and value == int(value)
    return int(value) if value is not None and whole else _rounded(value, 5)


def draw(record: TrialsTable, theme: Theme) -> Markup:
    """What the script needs: the frame of the table, and its rows as data."""
    shown = len(record.columns[0].cells)
    note = "" if shown == record.total else f"The best {shown:,} of {record.total:,} trials are listed."
    data = {"best": record.best, "columns": [_packed(one) for one in record.columns]}
    return _PART.format(note=note, data=embedded(data))


def _packed(one: Column) -> dict[str, Any]:
    """A column as data; words that come again and again are written once."""
    about = {"heading": one.heading, "numeric": one.numeric, "searched": one.searched}
    if one.numeric:
        return {**about, "cells": one.cells}
    words = list(dict.fromkeys(str(cell) for cell in one.cells if cell is not None))
    codes = {word: code for code, word in enumerate(words)}
    return {**about, "words": words, "cells": [None if cell is None else codes[str(cell)] for cell in one.cells]}


def alt(record: TrialsTable) -> str:
    """How many rows and columns."""
    return f"A table of {len(record.columns[0].cells):,} trials with {len(record.columns)} columns."


figure = Figure(compute, draw, alt)
