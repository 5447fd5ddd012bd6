"""A data frame's columns as features, categories, targets and groups."""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hpsearch.errors import InputError, did_you_mean
from hpsearch.training.data.arrays import Arrays, Source
from hpsearch.training.data.files import given_rows, part_files
from hpsearch.training.data.targets import meant


def read_csv(path: Path) -> pd.DataFrame:
    """Raises InputError for what is no table, and for a column name that is there twice."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # rows longer than the first line
            return _csv(path)
    except (OSError, ValueError, EOFError, zlib.error, pd.errors.ParserWarning) as error:
        raise InputError(f"{path}: cannot be read as a table: {error}") from error


def _csv(path: Path) -> pd.DataFrame:
    compression: Literal["gzip"] | None = "gzip" if path.suffix == ".gz" else None
    head = pd.read_csv(
        path, header=None, nrows=1, dtype=str, keep_default_na=False, encoding="utf-8-sig", compression=compression
    )
    _no_doubles(path, head.iloc[0].tolist())
    return pd.read_csv(path, low_memory=False, encoding="utf-8-sig", compression=compression, index_col=False)


def read_parquet(path: Path) -> pd.DataFrame:
    """Raises InputError for what is no table, and for a column name that is there twice."""
    try:
        with path.open("rb") as file:
            frame = pd.read_parquet(file, engine="pyarrow")
    except (OSError, ValueError, NotImplementedError) as error:
        raise InputError(f"{path}: cannot be read as a table: {error}") from error
    frame = frame.reset_index() if any(frame.index.names) else frame
    _no_doubles(path, frame.columns.tolist())
    return frame


def _no_doubles(path: Path, names: Sequence[str]) -> None:
    if doubles := sorted({name for name in names if names.count(name) > 1}):
        raise InputError(f"{path}: column {doubles[0]!r} is there twice")


def load(source: Source, read: Callable[[Path], pd.DataFrame]) -> Arrays:
    """The rows of all files, one file after another. Raises InputError."""
    files = part_files(source)
    frames = {part: read(path) for part, path in files.items()}
    target, categorical, group = str(source.target), list(source.categorical or ()), source.group
    numeric = _numeric(frames["train"], source)
    roles = {"target": [target], "group": [group] if group else [], "numeric": numeric, "categorical": categorical}
    for part, frame in frames.items():
        _check_frame(files[part], frame, roles)
    used = [column for columns in roles.values() for column in columns]
    rows = pd.concat([frame[used] for frame in frames.values()], ignore_index=True)
    for column in numeric:
        _check_numbers(rows[column], column, named=source.numeric is not None)
    given = given_rows({part: len(frame) for part, frame in frames.items()})
    found, classes, task, labels = meant(_targets(rows[target]), source.task, f"data.target {target!r}", given)
    return Arrays(
        rows[numeric].to_numpy(dtype=np.float64, na_value=np.nan),
        found,
        classes,
        task,
        given,
        None if group is None else pd.factorize(rows[group])[0].astype(np.int64),
        _text(rows[categorical]),
        names=(*numeric, *categorical),
        labels=labels,
    )


def _numeric(frame: pd.DataFrame, source: Source) -> list[str]:
    """The numeric columns: those that are named, or else all that have no other role."""
    if source.numeric is not None:
        return list(source.numeric)
    others = {source.target, source.group, *(source.categorical or ())}
    return [str(column) for column in frame.columns if column not in others]


def _check_frame(path: Path, frame: pd.DataFrame, roles: dict[str, list[str]]) -> None:
    known = [str(column) for column in frame.columns]
    for key, columns in roles.items():
        for column in columns:
            if column not in known:
                one = known[0] if len(known) == 1 else ""
                hint = "are its columns separated by ';'?" if ";" in one else did_you_mean(column, known)
                raise InputError(f"data.{key}: there is no column {column!r} in {path.name}", hint=hint)
    if not len(frame):
        raise InputError(f"{path}: the table has no rows")
    if not roles["numeric"] and not roles["categorical"]:
        raise InputError(f"{path}: there is no column to predict from")
    for key in ("target", "group"):
        for column in roles[key]:
            if (missing := np.flatnonzero(frame[column].isna())).size:
                what = f"column {column!r} of {path.name} is empty in row {missing[0] + 1} ({missing.size} in all)"
                raise InputError(f"data.{key}: {what}; every sample needs one")


def _check_numbers(column: pd.Series[Any], name: str, *, named: bool) -> None:
    if not pd.api.types.is_numeric_dtype(column):
        there = column.dropna()
        if there.empty:
            raise InputError(f"column {name!r} is empty")
        text = next((value for value in there if not _is_number(value)), there.iloc[0])
        other = "leave it out of data.numeric" if named else "list under data.numeric only the columns to use"
        shown = repr(str(text)[:40])
        raise InputError(f"column {name!r} holds text such as {shown}: name it under data.categorical or {other}")
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    if (infinite := np.flatnonzero(np.isinf(values))).size:
        raise InputError(f"column {name!r} holds an infinite number in row {infinite[0] + 1}")


def _is_number(value: object) -> bool:
    try:
        float(str(value))
    except ValueError:
        return False
    return True


def _targets(column: pd.Series[Any]) -> NDArray[Any]:
    if pd.api.types.is_bool_dtype(column):
        return column.to_numpy(dtype=bool)
    if pd.api.types.is_integer_dtype(column):
        return column.to_numpy(dtype=np.int64)
    if pd.api.types.is_numeric_dtype(column):
        return column.to_numpy(dtype=np.float64)
    return column.astype(str).to_numpy(dtype=np.str_)


def _text(frame: pd.DataFrame) -> NDArray[np.object_]:
    """[sample, column]: text, None where missing."""
    columns = np.empty(frame.shape, dtype=object)
    for index, name in enumerate(frame.columns):
        missing = frame[name].isna().to_numpy()
        columns[:, index] = frame[name].astype(str).to_numpy(dtype=object)
        columns[missing, index] = None
    return columns
