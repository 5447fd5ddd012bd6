"""What the command says: results on stdout, a table for people, JSON and CSV for programs; the rest on stderr."""

from __future__ import annotations

import csv
import json
import logging
import math
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from threading import Timer
from typing import Any

import click
from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text


class Lasting(Console):
    """A console on stderr whose reader may go, `head` say: a search goes on without it."""

    def __init__(self, *, quiet: bool = False) -> None:
        super().__init__(stderr=True, quiet=quiet)

    def on_broken_pipe(self) -> None:
        self.quiet = True
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def say(console: Console, text: str, *, prose: bool = False) -> None:
    """One line as it is, however long, to be copied whole: a path or a name holds no markup.

    A terminal breaks one that is `prose` between words.
    """
    whole = not (prose and console.is_terminal)
    console.print(text, markup=False, highlight=False, emoji=False, soft_wrap=whole)


@contextmanager
def warnings_said(console: Console) -> Iterator[None]:
    """Within it, what hpsearch's own log warns of is said on the console: a line each."""

    class Said(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            say(console, f"warning: {record.getMessage()}")

    handler, log = Said(logging.WARNING), logging.getLogger("hpsearch")
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)


@contextmanager
def waiting(console: Console, text: str) -> Iterator[None]:
    """Say what is waited for: while it lasts on a terminal, and elsewhere where it lasts over a second."""
    if console.is_terminal:
        with console.status(text):
            yield
        return
    timer = Timer(1.0, say, (console, text))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def print_rows(rows: Sequence[Mapping[str, Any]], output_format: str, empty: str) -> None:
    """Print rows that may have different keys; `empty` is what a table without rows says."""
    if output_format == "json":
        click.echo(json.dumps([_finite(row) for row in rows], indent=2))
        return
    if output_format == "csv":
        flat = [_flat(row) for row in rows]
        columns = list(dict.fromkeys(key for row in flat for key in row))
        if columns:
            writer = csv.DictWriter(sys.stdout, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(flat)
        return
    if not rows:
        click.echo(empty)
        return
    columns = list(dict.fromkeys(key for row in rows for key in row))
    table, nested = _upright(rows, columns)
    console = Console()
    needed = console.measure(table, options=console.options.update(width=1_000_000)).maximum
    if console.is_terminal and not nested and len(rows) < len(columns) and needed > console.width:
        _print(_sideways(rows, columns))
    else:
        _print(table)


def _upright(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> tuple[Table, bool]:
    """A line a row; and whether a column may be folded."""
    table, folds = Table(box=None, header_style="bold", pad_edge=False), False
    for column in columns:
        numeric = all(isinstance(row.get(column), int | float | None) for row in rows)
        nested = any(isinstance(row.get(column), Mapping) for row in rows)
        folds |= nested
        justify: JustifyMethod = "right" if numeric else "left"
        table.add_column(column, justify=justify, no_wrap=not nested, overflow="fold" if nested else "ellipsis")
    for row in rows:
        table.add_row(*(Text(_shown(row.get(column))) for column in columns))
    return table, folds


def _sideways(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> Table:
    """A line a column: on a narrow terminal, few rows of many columns are read down instead of being cut."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    for _ in rows:
        table.add_column(justify="right")
    for column in columns:
        table.add_row(column, *(Text(_shown(row.get(column))) for row in rows))
    return table


def print_object(record: Mapping[str, Any], output_format: str) -> None:
    """Print one object: a line a key, and one for each key of a mapping inside it."""
    if output_format == "json":
        click.echo(json.dumps(_finite(record), indent=2))
    elif output_format == "csv":
        print_rows([record], "csv", "")
    else:
        table = Table(box=None, show_header=False, pad_edge=False)
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        for key, value in record.items():
            inner = value.items() if isinstance(value, Mapping) else ()
            table.add_row(Text(key, style="bold"), Text("" if inner else _shown(value)))
            for name, one in inner:
                table.add_row(Text(f"  {name}"), Text(_shown(one)))
        _print(table)


def _print(table: Table) -> None:
    console = Console()
    if console.is_terminal:
        console.print(table)
        return
    # A pipe has no width: let every column be as wide as it needs.
    console = Console(width=console.measure(table, options=console.options.update(width=1_000_000)).maximum)
    with console.capture() as capture:
        console.print(table)
    click.echo("\n".join(line.rstrip() for line in capture.get().splitlines()))


def _shown(value: Any) -> str:
    if value is None:
        return "—"
    if isinstance(value, Mapping):
        return " ".join(f"{key}={_shown(inner)}" for key, inner in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(f"({_shown(one)})" if isinstance(one, list | tuple) else _shown(one) for one in value)
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _flat(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record without mappings inside it: their keys are joined, as in `params_width`."""
    flat: dict[str, Any] = {}
    for key, value in record.items():
        if isinstance(value, Mapping):
            flat |= {f"{key}_{name}": inner for name, inner in value.items()}
        else:
            flat[key] = value
    return flat


def _finite(record: Mapping[str, Any]) -> dict[str, Any]:
    """JSON has no infinity: null stands for it."""
    return {key: _finite_value(value) for key, value in record.items()}


def _finite_value(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _finite(value)
    if isinstance(value, list):
        return [_finite_value(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
