"""Metrics as rows: the same content of MLflow's tables as by its own calls."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mlflow import MlflowClient
from mlflow.entities import Metric

from hpsearch.tracking.database import create_sqlite
from hpsearch.tracking.metric_rows import MetricRows, metric_rows
from hpsearch.tracking.runs import Point

pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader:sqlalchemy.exc.SADeprecationWarning")


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    address = f"sqlite:///{tmp_path_factory.mktemp('rows') / 'mlflow.db'}"
    create_sqlite(address)
    return address


def content(uri: str, run_id: str) -> list[list[tuple[object, ...]]]:
    """All values of a run, and the latest ones."""
    columns = "key, value, timestamp, step, is_nan"
    with closing(sqlite3.connect(uri.removeprefix("sqlite:///"))) as database:
        return [
            sorted(database.execute(f"select {columns} from {table} where run_uuid = ?", (run_id,)))
            for table in ("metrics", "latest_metrics")
        ]


def opened(uri: str) -> MetricRows:
    rows = metric_rows(uri)
    assert rows is not None
    return rows


points = st.builds(
    Point,
    st.sampled_from(["dev_loss", "gradient_norm/layer_1", "learning rate-2.x"]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(0, 3),
    st.integers(0, 3),
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(batches=st.lists(st.lists(points, max_size=8), max_size=3))
def test_the_same_rows_as_by_log_batch(uri: str, batches: list[list[Point]]) -> None:
    client, rows = MlflowClient(tracking_uri=uri), opened(uri)
    ours, theirs = (client.create_run("0").info.run_id for _ in range(2))
    for batch in batches:
        assert rows.write(ours, batch) == []
        client.log_batch(theirs, [Metric(p.key, p.value, p.time, p.step) for p in batch])
    assert content(uri, ours) == content(uri, theirs)
    assert client.get_run(ours).data.metrics == client.get_run(theirs).data.metrics


def test_a_name_that_is_not_plain_is_left_to_mlflow(uri: str) -> None:
    rows, run_id = opened(uri), MlflowClient(tracking_uri=uri).create_run("0").info.run_id
    given = [
        Point(name, 1.0, 0, 0)
        for name in ("loss", "../loss", "/loss", "loss\n", "é?", "", "a//b", "a/../b", "a/", "l" * 300)
    ]
    assert rows.write(run_id, given) == given[1:]
    assert content(uri, run_id)[1] == [("loss", 1.0, 0, 0, 0)]


def test_only_a_file_with_the_known_tables_is_written(tmp_path: Path) -> None:
    assert metric_rows("http://127.0.0.1:5000") is None
    assert metric_rows(f"sqlite:///{tmp_path / 'none' / 'mlflow.db'}") is None
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    create_sqlite(uri)
    assert metric_rows(uri) is not None
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as database:
        database.execute("alter table metrics add column unit text")
    assert metric_rows(uri) is None
