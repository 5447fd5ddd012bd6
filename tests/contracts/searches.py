"""Small searches by every sampler and pruner of the registry, for the contracts of searches."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

from optuna.storages import InMemoryStorage

from hpsearch import registry
from hpsearch.run import Coordinator
from hpsearch.search.study import SearchStudy
from hpsearch.space.load import parse_study
from tests.fakes import FakeExecutor, FakeRecord, KilledError
from tests.test_run import MortalStorage, outcome

#: Options with which a sampler does in a short search what it otherwise does in a long one.
SMALL: dict[str, Any] = {
    "tpe": {"n_startup_trials": 4},
    "cmaes": {"population_size": 4},
    "gp": {"n_startup_trials": 4},
    "nsgaii": {"population_size": 4},
}
SEQUENCE: list[Any] = [{"name": "qmc", "trials": 5}, {"name": "cmaes", "trials": 4, "population_size": 4}, "tpe"]
SAMPLERS: dict[str, Any] = {name: {"name": name, **SMALL.get(name, {})} for name in registry.names("sampler")}
SAMPLERS["sequence"] = SEQUENCE
SEARCHES = [(sampler, pruner) for sampler in SAMPLERS for pruner in registry.names("pruner")]

STUDY = """
name: s
data: digits
hyperparameters:
  depth: {{low: 1, high: 2}}
  width: [8, 16]
  optimizer: [momentum, adam]
  momentum: {{low: 0.5, high: 0.99, points: 2, when: {{optimizer: momentum}}}}
  learning_rate: {{low: 1e-3, high: 1e-1, log: true, points: 2}}
  dropout: {{low: 0.0, high: 0.5, step: 0.25}}
  batch_size: 256
  epochs: {epochs}
search: {{sampler: {sampler}, pruner: {pruner}, trials: {trials}, slots: 4, seed: 2}}
"""


def study_text(sampler: str, pruner: str, *, trials: int = 12, epochs: int = 4) -> str:
    """The study file of a small search."""
    return STUDY.format(sampler=json.dumps(SAMPLERS[sampler]), pruner=pruner, trials=trials, epochs=epochs)


def open_study(storage: InMemoryStorage, text: str) -> SearchStudy:
    """A study whose trials take no time, or are trained."""
    return SearchStudy(storage, parse_study(text, file="s.yaml"), text)


def fake(text: str, timing: random.Random | None = None, deaths: Iterator[int] | None = None) -> list[tuple[Any, ...]]:
    """What comes of a search whose trials take no time, and that dies after so many writes, again and again."""
    storage, record = MortalStorage(), FakeRecord()
    while True:
        storage.lives = next(deaths, float("inf")) if deaths else float("inf")
        try:
            coordinator = Coordinator(open_study(storage, text), FakeExecutor(timing, diverges=0.05), record)
            while coordinator.step():
                pass
            return outcome(coordinator.study.record())
        except KilledError:
            continue


def everything(told: Callable[[str], None]) -> None:
    """Tell what comes of each search, a line of JSON each: for another process."""
    for sampler, pruner in SEARCHES:
        told(json.dumps([sampler, pruner, repr(fake(study_text(sampler, pruner)))]))
