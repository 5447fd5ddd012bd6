"""Settings for all tests. Small networks gain nothing from threads, and two test processes share two cores."""

from __future__ import annotations

import os
import shutil
import tempfile

import optuna
import pytest
import torch
from hypothesis import settings

from hpsearch import cache

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
