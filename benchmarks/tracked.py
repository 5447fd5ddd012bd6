"""What MLflow holds of a run, whoever wrote it: the same question to every way that is compared.

A value counts from the moment of its epoch's end, that of a trial which was stopped later too.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

from hpsearch.declarations import better

DATABASE = "mlflow.db"
Points = tuple[tuple[float, float], ...]


def reported(home: Path, metric: str) -> list[tuple[float, float]]:
    """Every epoch's value of a metric: (Unix seconds, value), in the order of time."""
    with closing(sqlite3.connect(f"file:{home.resolve() / DATABASE}?mode=ro", uri=True)) as database:
        rows = database.execute(
            "select timestamp, value from metrics where key = ? and is_nan = 0 order by timestamp, step", (metric,)
        )
        return [(milliseconds / 1000, value) for milliseconds, value in rows]


def improvements(points: Iterable[tuple[float, float]], started: float, direction: str) -> Points:
    """The best value so far at each moment at which it rose: (seconds since `started`, value)."""
    found: list[tuple[float, float]] = []
    for when, value in points:
        if not found or better(direction, value, found[-1][1]):
            found.append((when - started, value))
    return tuple(found)


def seconds_to(found: Sequence[tuple[float, float]], target: float, direction: str) -> float | None:
    """When the best value so far was at least as good as a target; None where it never was."""
    return next((seconds for seconds, value in found if not better(direction, target, value)), None)


def best_at(found: Sequence[tuple[float, float]], seconds: float) -> float | None:
    """The best value so far at a moment; None where there was none yet."""
    return next((value for when, value in reversed(found) if when <= seconds), None)
