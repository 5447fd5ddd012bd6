"""Results on stdout: a table for people, JSON and CSV for programs."""

from __future__ import annotations

import csv
import json
import math
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text


def print_rows(rows: Sequence[Mapping[str, Any]], output_format: str, empty: str) -> None:
    """Print rows that may have different keys; `empty` is what a table without rows says."""
    if output_format == "json":
        click.echo(json.dumps([_finite(row) for row in rows], indent=2))
        return
    columns = list(dict.fromkeys(key for row in rows for key in row))
    if output_format == "csv":
        writer = csv.DictWriter(sys.stdout, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return
    if not rows:
        click.echo(empty)
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        numeric = all(isinstance(row.get(column), int | float | None) for row in rows)
        table.add_column(column, justify="right" if numeric else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(Text(_shown(row.get(column))) for column in columns))
    _print(table)


def print_object(record: Mapping[str, Any], output_format: str) -> None:
    """Print one object: a line a key."""
    if output_format == "json":
        click.echo(json.dumps(_finite(record), indent=2))
    elif output_format == "csv":
        print_rows([record], "csv", "")
    else:
        table = Table(box=None, show_header=False, pad_edge=False)
        for key, value in record.items():
            table.add_row(Text(key, style="bold"), Text(_shown(value)))
        _print(table)


def _print(table: Table) -> None:
    console = Console()
    if not console.is_terminal:
        # A pipe has no width: let every column be as wide as it needs.
        console = Console(width=max(console.width, console.measure(table).maximum, 10_000), soft_wrap=True)
        with console.capture() as capture:
            console.print(table)
        click.echo("\n".join(line.rstrip() for line in capture.get().splitlines()))
        return
    console.print(table)


def _shown(value: Any) -> str:
    if value is None:
        return "—"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _finite(record: Mapping[str, Any]) -> dict[str, Any]:
    """JSON has no infinity: null stands for it."""
    return {
        key: _finite(value)
        if isinstance(value, Mapping)
        else None
        if isinstance(value, float) and not math.isfinite(value)
        else value
        for key, value in record.items()
    }
