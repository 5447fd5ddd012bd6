"""A trial's signals and diagnosis in the storage and in the tracking record."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from optuna.storages import BaseStorage, InMemoryStorage

from hpsearch.events import EpochEnded, History, Signals
from hpsearch.search.mirroring import mirror_end, mirror_epoch, mirror_epochs
from hpsearch.search.storage import open_storage
from hpsearch.search.study import SearchStudy
from hpsearch.space.load import parse_study
from hpsearch.training.findings import ADVICE, Finding

STUDY = """
name: small
data: digits
hyperparameters: {learning_rate: {low: 1e-4, high: 1e-1, log: true}, epochs: 2}
search: {sampler: random, pruner: none, trials: 3, seed: 3}
"""
SIGNALS: dict[int, Signals] = {
    1: {"gradient_norm": [0.25, 0.5], "dead": [0.125]},
    2: {"gradient_norm": [math.nan, math.inf, 0.5]},
}
FOUND = (Finding("learning", "Train was 0.9 and dev 0.8."), Finding("dead_units", "Half of layer 1 was off."))


class Told:
    """Remembers what a record is told."""

    def __init__(self) -> None:
        self.epochs: list[Mapping[str, float]] = []
        self.tags: Mapping[str, str] = {}

    def recorded(self, kind: str, number: int) -> bool:
        return False

    def trial_started(self, number: int, params: Mapping[str, Any], tags: Mapping[str, str], at: float) -> None:
        raise AssertionError("nothing starts here")

    def epoch(self, number: int, epoch: int, metrics: Mapping[str, float], at: float) -> None:
        self.epochs.append(metrics)

    def trial_ended(
        self, number: int, status: str, metrics: Mapping[str, float], tags: Mapping[str, str], at: float
    ) -> None:
        self.tags = tags


def ended(storage: BaseStorage, **more: Any) -> SearchStudy:
    """A study with one trial of two epochs."""
    study = SearchStudy(storage, parse_study(STUDY, file="small.yaml"), STUDY)
    study.ask(0)
    history = History()
    for epoch, signals in SIGNALS.items():
        history.add(EpochEnded(0, epoch, {"dev_accuracy": epoch / 4}, float(epoch), 0.1, signals))
    study.tell(0, [0.5], history, 2, **more)
    return study


def test_signals_and_diagnosis_come_back_as_they_were_told(tmp_path: Path) -> None:
    for storage in (InMemoryStorage(), open_storage(tmp_path, None, write=True)):
        assert storage is not None
        trial = ended(storage, diagnosis=FOUND).trial(0)
        assert trial.diagnosis == FOUND
        assert repr(trial.history.signals) == repr(SIGNALS)


def test_a_stored_trial_holds_no_number_that_json_does_not_know() -> None:
    result = ended(InMemoryStorage(), diagnosis=FOUND).trials[0].user_attrs["result"]
    json.dumps(result, allow_nan=False)
    assert result["signals"]["2"]["gradient_norm"] == ["nan", "inf", 0.5]
    assert result["diagnosis"][0] == ["learning", "Train was 0.9 and dev 0.8."]


def test_a_trial_of_an_older_version_has_no_diagnosis() -> None:
    storage = InMemoryStorage()
    study = ended(storage, diagnosis=FOUND)
    result = dict(study.trials[0].user_attrs["result"])
    del result["signals"], result["diagnosis"]
    for trial in storage.get_all_trials(0, deepcopy=False):
        trial.user_attrs["result"] = result
    assert study.trial(0).diagnosis == ()
    assert study.trial(0).history.signals == {}
    assert study.trial(0).history.metrics == {"dev_accuracy": [0.25, 0.5]}

    told = Told()
    mirror_epochs(told, ended(InMemoryStorage()).trial(0))
    assert told.epochs == [
        {"dev_accuracy": 0.25, "gradient_norm/layer_1": 0.25, "gradient_norm/layer_2": 0.5},
        {"dev_accuracy": 0.5, "gradient_norm/layer_3": 0.5},
    ]


def test_the_record_is_told_the_verdict_all_names_and_a_note_to_read() -> None:
    told = Told()
    mirror_end(told, ended(InMemoryStorage(), diagnosis=FOUND).trial(0))
    assert told.tags["hpsearch.verdict"] == "learning"
    assert told.tags["hpsearch.diagnosis"] == "learning, dead_units"
    first, second = told.tags["mlflow.note.content"].splitlines()
    assert first == f"- **learning**: Train was 0.9 and dev 0.8. {ADVICE['learning']}"
    assert second == f"- **dead units**: Half of layer 1 was off. {ADVICE['dead_units']}"


def test_a_trial_without_a_diagnosis_has_no_such_tags() -> None:
    told = Told()
    mirror_end(told, ended(InMemoryStorage()).trial(0))
    assert dict(told.tags) == {"hpsearch.state": "COMPLETE"}


def test_the_record_is_told_how_well_each_layer_was_pretrained() -> None:
    told = Told()
    signals = {"reconstruction_error_1": [0.5, 0.25], "reconstruction_error_2": [math.nan], "gradient_norm": [1.0]}
    mirror_epoch(told, EpochEnded(0, 1, {"dev_accuracy": 0.5}, 0.0, 0.0, signals))
    assert told.epochs == [{"dev_accuracy": 0.5, "gradient_norm/layer_1": 1.0, "reconstruction_error/layer_1": 0.25}]
