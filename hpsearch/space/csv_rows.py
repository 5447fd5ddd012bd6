"""Assignments in a CSV file: a head of names, then a row for each; what is empty is left out."""

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path
from typing import Any

from hpsearch.errors import InputError
from hpsearch.space.problems import shown
from hpsearch.space.yaml_tree import NotReadableError, read_yaml

EXPORTED = "params_"  # what `trials --format csv` puts before the names of hyperparameters


def read_rows(text: str, file: Path | str) -> list[tuple[int, dict[str, Any]]]:
    """For each row its line and its values, read as in a study file.

    Of what `hpsearch trials --format csv` writes, the columns `params_…` count. Raises InputError.
    """
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    rows: list[tuple[int, dict[str, Any]]] = []
    columns: dict[int, str] = {}
    width = 0
    try:
        for cells in reader:
            line = reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            if not columns:
                width, columns = len(cells), _columns(cells, file, line)
                continue
            if len(cells) != width:
                raise InputError(f"has {len(cells)} cells, and the head {width}", file=file, line=line)
            said = {name: cells[place].strip() for place, name in columns.items()}
            rows.append((line, {name: _value(cell, name, file, line) for name, cell in said.items() if cell}))
    except csv.Error as error:
        raise InputError(f"not valid CSV: {error}", file=file, line=reader.line_num) from None
    if not rows:
        raise InputError("has no rows: write a line with the names, then one for each assignment", file=file)
    return rows


def _columns(cells: list[str], file: Path | str, line: int) -> dict[int, str]:
    names = [cell.strip() for cell in cells]
    exported = any(name.startswith(EXPORTED) for name in names)
    columns = {
        place: name.removeprefix(EXPORTED)
        for place, name in enumerate(names)
        if name.startswith(EXPORTED) or not exported
    }
    for place, name in columns.items():
        if not name:
            raise InputError(f"column {place + 1} has no name", file=file, line=line)
        if list(columns.values()).count(name) > 1:
            raise InputError(f"the column {shown(name)} is there twice", file=file, line=line)
    return columns


def _value(cell: str, name: str, file: Path | str, line: int) -> Any:
    try:
        value = read_yaml(cell).value
    except NotReadableError:
        value = {}
    if isinstance(value, dict | list):
        raise InputError(f"{name}: must be one value, not {shown(cell)}", file=file, line=line)
    return value
