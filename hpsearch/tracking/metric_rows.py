"""Metrics as rows of the SQLite file in which MLflow keeps them.

MLflow's `log_batch` makes two objects of every value, which takes most of the mirror's time; two statements write the
same rows. This is done only where the tables are exactly those that are known here, in a file; a server, another
database or other tables get `log_batch`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlalchemy import Engine, MetaData, Table, create_engine, tuple_
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from hpsearch.tracking.database import sqlite_file
from hpsearch.tracking.runs import Point

_COLUMNS = {"key", "value", "timestamp", "run_uuid", "step", "is_nan"}
_NAME = re.compile(r"(?!.*(//|\.\.|/\.|/$))[A-Za-z_][\w.\-/ ]{0,199}")  # plain names, that MLflow takes too


class MetricRows:
    """The tables of all values and of each metric's latest one."""

    def __init__(self, engine: Engine, every: Table, latest: Table) -> None:
        """As `metric_rows` finds them."""
        self._engine = engine
        self._every = insert(every).on_conflict_do_nothing()  # sent again after an outage
        put = insert(latest)
        new, old = put.excluded, latest.c
        self._latest = put.on_conflict_do_update(
            index_elements=["key", "run_uuid"],
            set_={name: new[name] for name in ("value", "timestamp", "step", "is_nan")},
            where=tuple_(new.step, new.timestamp, new.value) > tuple_(old.step, old.timestamp, old.value),
        )

    def write(self, run_id: str, points: Iterable[Point]) -> list[Point]:
        """Write a run's finite values, all or none, and return those whose names are not plain: they are for MLflow.

        Raises SQLAlchemyError where the file can't be written now.
        """
        rows, others = [], list[Point]()
        for point in points:
            if _NAME.fullmatch(point.key):
                where = {"run_uuid": run_id, "key": point.key, "step": point.step, "timestamp": point.time}
                rows.append({**where, "value": point.value, "is_nan": False})
            else:
                others.append(point)
        if rows:
            latest = {row["key"]: row for row in sorted(rows, key=lambda r: (r["step"], r["timestamp"], r["value"]))}
            with self._engine.begin() as connection:
                connection.execute(self._every, rows)
                connection.execute(self._latest, list(latest.values()))
        return others


def metric_rows(tracking_uri: str) -> MetricRows | None:
    """The tables behind an address; None where it is no SQLite file, or one of other tables."""
    if (file := sqlite_file(tracking_uri)) is None or not file.exists():
        return None
    try:
        engine = create_engine(make_url(tracking_uri), poolclass=NullPool)
        tables = [Table(name, MetaData(), autoload_with=engine) for name in ("metrics", "latest_metrics")]
    except SQLAlchemyError:
        return None
    return MetricRows(engine, *tables) if all({*table.columns.keys()} == _COLUMNS for table in tables) else None
