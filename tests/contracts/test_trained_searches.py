"""The law of the same search again with real training: alone, in stacks, and by two worker processes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from optuna.storages import InMemoryStorage

from hpsearch import registry
from hpsearch.execution.executor import Job
from hpsearch.run import Coordinator
from hpsearch.training.data.arrays import Source
from tests.contracts.searches import SEARCHES, open_study, study_text
from tests.fakes import FakeRecord

WAYS = {"alone": ("inline", 1, 1), "stacks": ("inline", 4, 1), "two workers": ("processes", 2, 2)}
QUICK = [("sequence", "asha")]
BY_SPEED = [
    pytest.param(*search, id="-".join(search), marks=[] if search in QUICK else pytest.mark.slow) for search in SEARCHES
]


def trained(text: str, home: Path, way: str, steps: int | None = None) -> list[tuple[Any, ...]]:
    """What came of a search; with `steps`, of one that is given up after so many, and then begun again."""
    executor, stack, workers = WAYS[way]
    storage = InMemoryStorage()
    while True:
        study = open_study(storage, text)
        source = Source(**study.file.data.model_dump())
        job = Job(
            source, "mlp", "cpu", stack, home / way, "dev_accuracy", "maximize",
            every=0.0, disk=10**9, workers=workers,
        )  # fmt: skip
        running = registry.load("executor", executor)(job)
        try:
            coordinator = Coordinator(study, running, FakeRecord())
            while steps != 0 and coordinator.step():
                steps = None if steps is None else steps - 1
        finally:
            running.close()
        if steps != 0:
            return [(t.number, t.state, t.values, t.value, t.history.metrics) for t in study.record().trials]
        steps = None


@pytest.mark.parametrize(("sampler", "pruner"), BY_SPEED)
def test_a_trained_search_is_the_same_alone_in_stacks_by_workers_and_resumed(
    sampler: str, pruner: str, tmp_path: Path
) -> None:
    text = study_text(sampler, pruner, epochs=4)
    found = {way: trained(text, tmp_path, way) for way in WAYS}
    assert len(found["alone"]) == 12
    assert found["stacks"] == found["alone"]
    assert found["two workers"] == found["alone"]
    resumed = trained(text, tmp_path / "resumed", "stacks", steps=5)
    assert resumed == found["alone"]
