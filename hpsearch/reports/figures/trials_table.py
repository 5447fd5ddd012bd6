"""The table of trials as HTML: the page's script sorts it by a click and searches it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import pandas as pd
from markupsafe import Markup, escape
from pydantic import Field

from hpsearch.events import Scalar
from hpsearch.reports.figure import Figure, Missing
from hpsearch.reports.table import also, column, table
from hpsearch.reports.theme import Theme
from hpsearch.reports.words import ABSENT, label, number, scalar, shorten
from hpsearch.search.records import StudyRecord

AT_FIRST = 100  # rows that show before a click on "more"

_PAGE_PART = Markup("""<style>{right} {{text-align: right}}</style>
<div class="trials">
<p class="tools"><label>Search <input type="search" autocomplete="off"></label> <output></output> {note}</p>
<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>
{rows}
</tbody></table></div>
<button type="button" class="more" hidden>Show more</button>
</div>""")


@dataclass(frozen=True, slots=True)
class TrialsTable:
    """Headings (text, whether numeric) and rows of cells, the best row first; the total without the cap."""

    headings: tuple[tuple[str, bool], ...]
    rows: tuple[tuple[str, ...], ...]
    best: int | None
    total: int


def compute(study: StudyRecord, *, most: Annotated[int, Field(ge=1)] = 10_000) -> TrialsTable | Missing:
    """The `most` best rows: by value, then those without one by number."""
    if not study.trials:
        return Missing("No trial has started yet.")
    frame = table(study).drop(columns="seed")
    scored = pd.Series([trial.scored for trial in study.trials], index=frame.index)
    sign = -1.0 if study.direction == "maximize" else 1.0
    value = (sign * frame["value"]).where(scored)
    order = pd.DataFrame({"value": value, "number": frame["number"]}).sort_values(["value", "number"])
    frame = frame.loc[order.index[:most]]
    started = frame["started"].dt.strftime("%Y-%m-%d %H:%M:%S")
    # Training times are not compared to the microsecond.
    frame = frame.assign(started=started, seconds=frame["seconds"].map(lambda s: float(f"{s:.3g}")))
    searched = {column(dimension.name): dimension for dimension in study.dimensions}
    headings = [
        (
            _heading(str(name), study.metric),
            name in ("number", "value", "epochs", "seconds", *also(study))
            or (name in searched and searched[str(name)].options is None),
        )
        for name in frame.columns
    ]
    cells = [[_cell(value) for value in frame[name].tolist()] for name in frame.columns]
    best = study.best
    return TrialsTable(
        tuple(headings),
        tuple(zip(*cells, strict=True)),
        None if best is None else best.number,
        len(study.trials),
    )


def _heading(name: str, metric: str) -> str:
    return {"number": "trial", "value": label(metric)}.get(name, label(name))


def _cell(value: Scalar) -> str:
    if pd.isna(value):
        return ABSENT
    return number(value, 5) if isinstance(value, float) else scalar(value)


def draw(record: TrialsTable, theme: Theme) -> Markup:
    """A <table> with a search box above; the cells hold text only. Its colours are the page's."""
    head = Markup("").join(
        Markup('<th scope="col"{}><button type="button">{}</button></th>').format(
            Markup(' class="num"') if numeric else "", shorten(text)
        )
        for text, numeric in record.headings
    )
    right = ",".join(
        f".trials td:nth-child({place})" for place, (_, numeric) in enumerate(record.headings, 1) if numeric
    )
    rows = "\n".join(
        _row(cells, cells[0] == str(record.best), place >= AT_FIRST) for place, cells in enumerate(record.rows)
    )
    shown = len(record.rows)
    note = "" if shown == record.total else f"The best {shown:,} of {record.total:,} trials are listed."
    return _PAGE_PART.format(right=right, note=note, head=head, rows=Markup(rows))  # noqa: S704  (escaped)


def _row(cells: tuple[str, ...], best: bool, hidden: bool) -> str:
    """One row. HTML needs no end tags here, and ten thousand rows are a megabyte smaller without."""
    start = "<tr" + (' class="best"' if best else "") + (" hidden" if hidden else "") + ">"
    return start + "".join(f"<td>{escape(cell)}" for cell in cells)


figure = Figure(compute, draw)
