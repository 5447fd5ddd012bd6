"""The record in a real MLflow database, read back in full."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hpsearch.tracking import follower
from hpsearch.tracking.counts import Counts
from hpsearch.tracking.faults import Faults
from hpsearch.tracking.outbox import Outbox
from tests.tracking.outboxes import (
    Record,
    artifact,
    ended,
    epoch,
    follow,
    interrupted,
    started,
    study,
    study_ended,
    whole_trial,
    write,
)

# MLflow uses a part of SQLAlchemy that SQLAlchemy warns about.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader:sqlalchemy.exc.SADeprecationWarning")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follower, "POLL_SECONDS", 0.001)
    monkeypatch.setattr(follower, "_LAST_WAIT_SECONDS", 0.001)


def mirror(home: Path, *records: Record, study_id: str = "id", wrap: Callable[[Any], Any] | None = None) -> Counts:
    """Append the records and send the outbox; `wrap` may stand between the code and MLflow's client."""
    from hpsearch.tracking.mlflow import MlflowStudy

    outbox = write(home / "outbox" / f"{study_id}.jsonl", records)

    def connect(faults: Faults) -> MlflowStudy:
        found = MlflowStudy(uri(home), (home / "mlartifacts").as_uri(), "s", study_id, faults)
        if wrap is not None:
            found._client = wrap(found._client)
        return found

    result = follow(outbox, connect, patience=30.0)
    assert isinstance(result, Counts), result
    return result


def uri(home: Path) -> str:
    return f"sqlite:///{home / 'mlflow.db'}"


def read_back(home: Path) -> dict[str, dict[str, Any]]:
    """All runs by name, with their whole metric histories."""
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=uri(home))
    found: dict[str, dict[str, Any]] = {}
    for run in client.search_runs([e.experiment_id for e in client.search_experiments()]):
        histories = {key: client.get_metric_history(run.info.run_id, key) for key in run.data.metrics}
        assert run.info.run_name not in found, "two runs of one name"
        found[run.info.run_name] = {
            "status": run.info.status,
            "times": (run.info.start_time, run.info.end_time),
            "params": run.data.params,
            "tags": run.data.tags,
            "metrics": {k: sorted((m.step, m.timestamp, m.value) for m in h) for k, h in histories.items()},
            "files": sorted(f.path for f in client.list_artifacts(run.info.run_id)),
            "id": run.info.run_id,
        }
    return found


def test_a_study_becomes_one_parent_and_one_child_for_each_trial(home: Path) -> None:
    counts = mirror(
        home,
        study(sampler="tpe", seed=0),
        *whole_trial(0),
        *whole_trial(42, status="KILLED"),
        started(2),
        ended(2, "FAILED"),
        study_ended(best_value=42.0),
    )
    assert counts == Counts(parents=1, children=3, finished=1, killed=1, failed=1, with_params=3, with_epochs=2)
    runs = read_back(home)
    assert sorted(runs) == ["s", "trial-00000", "trial-00002", "trial-00042"]
    parent, child = runs["s"], runs["trial-00042"]
    assert parent["status"] == "FINISHED"
    assert parent["times"] == (1000, 70_000)
    assert parent["params"] == {"sampler": "tpe", "seed": "0"}
    assert parent["files"] == ["study.yaml"]
    assert parent["metrics"] == {"best_value": [(1, 70_000, 42.0)]}
    assert child["status"] == "KILLED"
    assert child["times"] == (2000, 50_000)
    assert child["params"] == {"depth": "42", "learning_rate": "0.1"}
    assert child["metrics"]["dev_loss"] == [(n, 3000 + 1000 * n, 1 / n) for n in (1, 2, 3)]
    assert child["metrics"]["value"] == [(3, 50_000, 42.0)]
    wanted = {"mlflow.parentRunId": parent["id"], "mlflow.user": "ann", "hpsearch.study": "s", "seed": "7"}
    wanted |= {"hpsearch.trial": "42", "hpsearch.role": "trial"}
    assert wanted.items() <= child["tags"].items()
    assert "hpsearch.version.torch" in parent["tags"].keys() - child["tags"].keys()


def test_sending_all_again_changes_nothing(home: Path, tmp_path: Path) -> None:
    weights = tmp_path / "weights.pt"
    weights.write_bytes(b"1")
    records = [study(), *whole_trial(0), artifact(weights, 0), started(1), epoch(1, 1)]
    first = mirror(home, *records)
    before = read_back(home)
    weights.write_bytes(b"2")
    assert mirror(home) == first
    assert read_back(home) == before
    [stored] = home.rglob("weights.pt")
    assert stored.read_bytes() == b"1"


def test_a_new_database_is_filled_from_the_first_record_on(home: Path, empty_database: Path) -> None:
    first = mirror(home, study(), *whole_trial(0))
    before = read_back(home)
    (home / "mlflow.db").rename(home / "old.db")
    other = home.with_name("other")
    (other / "outbox").mkdir(parents=True)
    (other / "mlflow.db").write_bytes(empty_database.read_bytes())
    (home / "outbox" / "id.jsonl").rename(other / "outbox" / "id.jsonl")
    assert mirror(other) == first
    assert read_back(other)["trial-00000"]["metrics"] == before["trial-00000"]["metrics"]


def test_a_trial_started_again_after_a_crash_has_each_epoch_once(home: Path) -> None:
    mirror(home, study(), started(0), epoch(0, 1), epoch(0, 2))
    assert read_back(home)["trial-00000"]["status"] == "SCHEDULED"
    again = [study(at=100.0), started(0, at=101.0), *(epoch(0, n, at=101.0 + n) for n in (1, 2, 3))]
    counts = mirror(home, *again, ended(0, at=120.0), study_ended())
    assert counts == Counts(parents=1, children=1, finished=1, with_params=1, with_epochs=1)
    history = read_back(home)["trial-00000"]["metrics"]["dev_loss"]
    assert history == [(1, 4000, 1.0), (2, 5000, 0.5), (3, 104_000, 1 / 3)]


def test_epochs_that_the_outbox_lost_in_a_power_loss_are_not_doubled(home: Path) -> None:
    mirror(home, study(), started(0), epoch(0, 1), epoch(0, 2))
    outbox = home / "outbox" / "id.jsonl"
    lines = outbox.read_bytes().splitlines(keepends=True)
    outbox.write_bytes(b"".join(lines[:2]))
    mirror(home, *(epoch(0, n, at=200.0 + n) for n in (1, 2, 3)), ended(0, at=300.0))
    history = read_back(home)["trial-00000"]["metrics"]["dev_loss"]
    assert [step for step, _, _ in history] == [1, 2, 3]


def test_an_interrupted_study_is_scheduled_and_goes_on(home: Path) -> None:
    counts = mirror(home, study(), *whole_trial(0), started(1), epoch(1, 1), interrupted())
    assert (counts.finished, counts.scheduled, counts.running) == (1, 1, 0)
    assert read_back(home)["s"]["status"] == "SCHEDULED"
    counts = mirror(home, study(), started(1), epoch(1, 2), ended(1), study_ended())
    assert (counts.finished, counts.scheduled, counts.running) == (2, 0, 0)
    assert read_back(home)["s"]["status"] == "FINISHED"


def test_nan_and_inf_are_never_stored(home: Path) -> None:
    mirror(home, study(), started(0), epoch(0, 1, dev_loss=math.nan, a=1.0), ended(0, value=math.inf))
    run = read_back(home)["trial-00000"]
    assert set(run["metrics"]) == {"a"}
    assert run["tags"]["hpsearch.not_finite"] == "dev_loss, value"


def test_more_facts_than_a_call_takes_arrive_whole(home: Path) -> None:
    params = {f"p{n:03d}": n for n in range(230)}
    many = [epoch(0, n, **{f"m{k}": n + k / 10 for k in range(30)}) for n in range(1, 61)]
    mirror(home, study(), started(0, **params), *many, ended(0))
    run = read_back(home)["trial-00000"]
    assert run["params"] == {key: str(value) for key, value in params.items()}
    assert len(run["metrics"]) == 31
    assert all(len(series) == 60 for key, series in run["metrics"].items() if key != "value")


def test_what_can_never_be_sent_is_counted_and_holds_nothing_up(home: Path, tmp_path: Path) -> None:
    gone = artifact(tmp_path / "gone.pt", 0)
    report = tmp_path / "report.html"
    report.write_text("<html>")
    bad = {**started(1), "params": {"no|such|name": 1}}
    counts = mirror(
        home,
        study(),
        started(0),
        gone,
        ended(0),
        bad,
        ended(1),
        artifact(report, None, "reports"),
        study_ended(),
    )
    assert (counts.children, counts.finished, counts.not_sent) == (2, 2, 2)
    assert read_back(home)["s"]["files"] == ["reports", "study.yaml"]


def test_a_deleted_experiment_is_restored(home: Path) -> None:
    from mlflow import MlflowClient

    first = mirror(home, study(), *whole_trial(0))
    client = MlflowClient(tracking_uri=uri(home))
    experiment = client.get_experiment_by_name("s")
    assert experiment is not None
    client.delete_experiment(experiment.experiment_id)
    assert mirror(home).children == first.children


def test_a_new_study_of_an_old_name_has_runs_of_its_own(home: Path) -> None:
    mirror(home, study(), *whole_trial(0))
    counts = mirror(home, study(), *whole_trial(0), study_id="other")
    assert (counts.parents, counts.children) == (1, 1)
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=uri(home))
    experiment = client.get_experiment_by_name("s")
    assert experiment is not None
    assert len(client.search_runs([experiment.experiment_id])) == 4


class CutOff:
    """MLflow's client, whose `at`-th writing call fails: before it is done, or after (the answer is lost)."""

    def __init__(self, at: int, done: bool) -> None:
        self.left, self.done = at, done

    def __call__(self, client: Any) -> Any:
        outer = self

        class Wrapped:
            def __getattr__(self, name: str) -> Any:
                method = getattr(client, name)
                return method if name.startswith(("get", "search")) else outer.once(method)

        return Wrapped()

    def once(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            self.left -= 1
            if self.left == 0 and not self.done:
                raise ConnectionError("cut off")
            result = method(*arguments, **options)
            if self.left == 0:
                raise ConnectionError("cut off")
            return result

        return call


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
def test_a_cut_at_any_call_is_caught_up_without_a_double(home: Path, empty_database: Path, done: bool) -> None:
    records = [study(), *whole_trial(0), started(1), epoch(1, 1), study_ended(best=1.0)]
    expected, calls = None, 0
    for at in range(100):
        (home / f"{at}" / "outbox").mkdir(parents=True)
        (home / f"{at}" / "mlflow.db").write_bytes(empty_database.read_bytes())
        cut = CutOff(at, done)
        counts = mirror(home / f"{at}", *records, wrap=cut)
        found = {
            name: {key: value for key, value in run.items() if key not in ("id", "tags")}
            for name, run in read_back(home / f"{at}").items()
        }
        expected = expected or (counts, found)
        assert (counts, found) == expected, f"cut at call {at}"
        calls = at
        if at and cut.left > 0:
            break
    assert calls > 8


def test_the_database_is_created_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlflow import MlflowClient

    from hpsearch import cache
    from hpsearch.tracking import database

    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "cache"))
    address = f"sqlite:///{tmp_path / 'new' / 'mlflow.db'}"

    def killed(*arguments: Any, **options: Any) -> None:
        (tmp_path / "new" / "mlflow.db.draft").write_bytes(b"half of it")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(database, "MlflowClient", killed)
        with pytest.raises(KeyboardInterrupt):
            database.create_sqlite(address)
    assert not (tmp_path / "new" / "mlflow.db").exists()
    database.create_sqlite(address)
    assert not (tmp_path / "new" / "mlflow.db.draft").exists()
    assert len(MlflowClient(tracking_uri=address).search_experiments()) == 1


def test_a_settled_database_is_whole_in_its_file(tmp_path: Path) -> None:
    import shutil
    import sqlite3
    from contextlib import closing

    from hpsearch.tracking.database import settle

    path = tmp_path / "mlflow.db"
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("create table t (x)")
        writer.execute("insert into t values (1)")
        writer.commit()
        settle(f"sqlite:///{path}")
        shutil.copy(path, tmp_path / "copy.db")
        with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
            assert copy.execute("select x from t").fetchall() == [(1,)]
    settle(f"sqlite:///{tmp_path / 'none.db'}")
    assert not (tmp_path / "none.db").exists()
    settle("http://127.0.0.1:5000")


def test_tables_are_made_once_and_copied_from_then_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlflow import MlflowClient

    from hpsearch import cache
    from hpsearch.tracking import database

    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "cache"))
    made: list[Path] = []
    tables = database._tables

    def noted(draft: Path) -> bytes:
        made.append(draft)
        return tables(draft)

    monkeypatch.setattr(database, "_tables", noted)
    for name in ("first", "second", "third"):
        if name == "third":
            (kept,) = (tmp_path / "cache").iterdir()
            kept.write_bytes(b"no database")
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        address = f"sqlite:///{tmp_path / name / 'mlflow.db'}"
        database.create_sqlite(address)
        (default,) = MlflowClient(tracking_uri=address).search_experiments()
        assert default.name == "Default"
        assert default.artifact_location == str(tmp_path / name / "mlruns" / "0")
    assert [draft.parent.name for draft in made] == ["first", "third"]


def test_an_outbox_with_nothing_in_it_makes_no_experiment(home: Path) -> None:
    Outbox(home / "outbox" / "id.jsonl").close()
    assert mirror(home) == Counts()
