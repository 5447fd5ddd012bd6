"""Settings for all tests. Small networks gain nothing from threads, and two test processes share two cores."""

from __future__ import annotations

import os

import optuna
import torch
from hypothesis import settings

torch.set_num_threads(1)
optuna.logging.set_verbosity(optuna.logging.WARNING)
settings.register_profile(
    "hpsearch",
    deadline=None,
    max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "50")),
    derandomize="CI" in os.environ,  # new examples are for the one who can look into them
)
settings.load_profile("hpsearch")
