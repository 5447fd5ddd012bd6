"""Small tables of a comparison as HTML."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from hpsearch.reports.words import shorten

_TABLE = Markup('<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>')


def markup_table(
    headings: Sequence[str], rows: Sequence[Sequence[str]], *, best: int | None = None, words: int = 1
) -> Markup:
    """The table, its cells escaped: the first `words` columns on the left, numbers on the right; row `best` marked."""
    head = Markup("").join(
        Markup('<th scope="col" class="{}">{}</th>').format("plain" if place < words else "plain num", text)
        for place, text in enumerate(headings)
    )
    body = Markup("").join(_row(row, place == best, words) for place, row in enumerate(rows))
    return _TABLE.format(head=head, rows=body)


def _row(cells: Sequence[str], best: bool, words: int) -> Markup:
    filled = Markup("").join(
        Markup('<td class="{}">{}</td>').format("" if place < words else "num", shorten(cell, 160))
        for place, cell in enumerate(cells)
    )
    return Markup('<tr class="{}">{}</tr>').format("best" if best else "", filled)
