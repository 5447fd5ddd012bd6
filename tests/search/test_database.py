"""A database as storage: opened by several at once, read without being changed, and its errors in one line."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier

import optuna
import pytest
from optuna.storages import RDBStorage
from sqlalchemy.exc import OperationalError

from hpsearch.errors import InputError
from hpsearch.search.database import failure, open_database
from hpsearch.search.database_url import BUSY_SECONDS
from hpsearch.search.storage import open_storage
from tests.search.conftest import Storages


def url(folder: Path) -> str:
    return f"sqlite:///{folder}/x.db"


def test_a_database_that_cannot_be_opened_is_bad_input_and_shows_no_password(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        open_storage(tmp_path, "sqlite+nothing://user:secret@host/x", write=True)
    assert "secret" not in str(error.value)
    assert "\n" not in str(error.value)


def test_a_database_url_works(tmp_path: Path) -> None:
    storage = open_storage(tmp_path, f"sqlite:///{tmp_path}/x.db", write=True)
    assert storage is not None
    optuna.create_study(study_name="s", storage=storage)
    assert optuna.get_all_study_names(storage) == ["s"]


@pytest.mark.parametrize("again", range(3))
def test_several_that_open_a_new_database_at_once_all_get_it(storages: Storages, again: int) -> None:
    together = Barrier(6)

    def opened(write: bool) -> RDBStorage | None:
        together.wait()
        return storages.opened(write=write)

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(opened, [True, False] * 3))
    assert None not in found[::2]
    assert all(storage is None or storage.get_all_studies() == [] for storage in found)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("postgresql://me:secret/studies", "not a database URL; such are sqlite:///studies.db and"),
        ("postgresql://host:secret/studies", "not a database URL; such are"),
        ("studies.db", "not a database URL; such are"),
        ("sqlite://", "sqlite://: a database in memory is gone when the command ends; name a file"),
        ("sqlite:///:memory:", "a database in memory is gone when the command ends"),
        ("oracle+nothing://me:secret@host/x?password=secret", "Can't load plugin"),
        ("mysql://me:secret@host/x", "hpsearch[mysql]', and begin the URL with mysql+pymysql://"),
    ],
)
@pytest.mark.parametrize("write", [True, False])
def test_a_url_that_leads_nowhere_is_one_line_without_its_password(address: str, said: str, write: bool) -> None:
    with pytest.raises(InputError) as error:
        open_database(address, write=write)
    assert said in str(error.value)
    assert "secret" not in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_named_by_a_uri_is_found_where_it_is(tmp_path: Path) -> None:
    address = f"sqlite:///file:{tmp_path}/x.db?uri=true"
    assert open_database(address, write=False) is None
    assert list(tmp_path.iterdir()) == []
    for write in (True, False):
        assert open_database(address, write=write) is not None


def test_reading_a_database_makes_nothing_in_it(tmp_path: Path) -> None:
    assert open_storage(tmp_path, url(tmp_path), write=False) is None
    assert list(tmp_path.iterdir()) == []
    with closing(sqlite3.connect(tmp_path / "x.db")) as others, others:
        others.execute("CREATE TABLE theirs (number INTEGER)")
    before = (tmp_path / "x.db").read_bytes()
    assert open_storage(tmp_path, url(tmp_path), write=False) is None
    assert (tmp_path / "x.db").read_bytes() == before
    assert open_storage(tmp_path, url(tmp_path), write=True) is not None
    assert open_storage(tmp_path, url(tmp_path), write=False) is not None


def test_a_trial_of_many_epochs_fits(storages: Storages) -> None:
    storages()  # makes it fit; the next one finds it so
    study = optuna.create_study(study_name="s", storage=storages())
    long = {"loss": [1 / 3] * 100_000}
    study.set_user_attr("long", long)
    study.ask().set_user_attr("long", long)
    again = storages.opened(write=False)
    assert again is not None
    (found,) = again.get_all_studies()
    assert found.user_attrs["long"] == again.get_all_trials(found._study_id)[0].user_attrs["long"] == long


def test_a_busy_sqlite_is_waited_for_longer_than_its_own_five_seconds_or_as_long_as_its_url_says(
    tmp_path: Path,
) -> None:
    for query, seconds in (("", BUSY_SECONDS), ("?timeout=7", 7)):
        storage = open_database(url(tmp_path) + query, write=True)
        assert storage is not None
        with storage.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one() == seconds * 1000


def test_what_a_database_says_is_one_line_and_no_guess(tmp_path: Path) -> None:
    storage = open_database(url(tmp_path) + "?timeout=0", write=True)
    assert storage is not None
    with closing(sqlite3.connect(tmp_path / "x.db")) as others:
        others.execute("BEGIN EXCLUSIVE")
        with pytest.raises(optuna.exceptions.StorageInternalError) as error:
            storage.get_all_studies()
    assert failure(error.value) == "the database failed: (sqlite3.OperationalError) database is locked"
    assert isinstance(error.value.__cause__, OperationalError)
    assert failure(RuntimeError("of another kind")) is None
