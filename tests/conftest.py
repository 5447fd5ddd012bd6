"""Settings for all tests. Small networks gain nothing from threads, and two test processes share two cores."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import optuna
import pytest
import torch
from hypothesis import settings

from hpsearch import cache
from tests.servers import mariadb, postgresql

torch.set_num_threads(1)
optuna.logging.set_verbosity(optuna.logging.WARNING)
settings.register_profile(
    "hpsearch",
    deadline=None,
    max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "50")),
    derandomize="CI" in os.environ,  # new examples are for the one who can look into them
)
settings.load_profile("hpsearch")


def pytest_configure(config: pytest.Config) -> None:
    """A cache for all test processes together, made by the first one, and none of a person's own."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        os.environ[cache.VARIABLE] = tempfile.mkdtemp(prefix="hpsearch-cache-")
        config.add_cleanup(lambda: shutil.rmtree(os.environ[cache.VARIABLE], ignore_errors=True))


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgresql", marks=pytest.mark.slow),
        pytest.param("mariadb", marks=pytest.mark.slow),
    ]
)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database, of each kind in turn."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/study.db"
        return
    with {"postgresql": postgresql, "mariadb": mariadb}[request.param]() as url:
        yield url
