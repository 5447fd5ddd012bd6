"""Folds the outbox's records into runs: what each should be, whatever order of crashes led there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from hpsearch.tracking.runs import TERMINAL, Run, Upload, milliseconds

MALFORMED = (KeyError, TypeError, ValueError, AttributeError, OverflowError)


class Ledger:
    """All runs of one study, by trial number; None is the study's own."""

    def __init__(self, runs: Iterable[Run] = ()) -> None:
        """`runs` are those that MLflow has already; all records are then folded from the first on."""
        self.runs: dict[int | None, Run] = {run.number: run for run in runs}
        self.epoch_metrics: set[str] = set()
        self.common_tags: dict[str, str] = {}
        """MLflow's own tags (user, source, commit), which every run of the study carries."""
        self._ends = 0

    def due(self, now: float, hold: float) -> list[Run]:
        """The runs to send now, the study's own first, for the others need it."""
        waiting = [run for run in self.runs.values() if run.due(now, hold)]
        return sorted(waiting, key=lambda run: -1 if run.number is None else run.number)

    def close(self) -> None:
        """Nothing more will come: a study that neither ended nor paused has died, which is a pause too."""
        study = self.runs.get(None)
        if study is not None and study.status == "RUNNING":
            self._interrupted()

    def take(self, record: Mapping[str, Any]) -> None:
        """Fold one record. Raises one of MALFORMED if it makes no sense."""
        match record["kind"]:
            case "study":
                self._study(record)
            case "trial_started":
                self._trial_started(record)
            case "epoch":
                self._epoch(record)
            case "trial_ended":
                self._trial_ended(record)
            case "artifact":
                self._artifact(record)
            case "interrupted":
                self._interrupted()
            case "study_ended":
                self._study_ended(record)
            case kind:
                raise ValueError(f"unknown kind {kind!r}")

    def _study(self, record: Mapping[str, Any]) -> None:
        run = self.runs.setdefault(None, Run(None, started=milliseconds(record["time"])))
        self.common_tags = {key: value for key, value in record["tags"].items() if key.startswith("mlflow.")}
        run.add_params(record["params"])
        run.add_tags(record["tags"])
        run.add_upload(Upload(text=record["study_file"], name="study.yaml"))
        run.status = "RUNNING"
        run.touch()

    def _trial_started(self, record: Mapping[str, Any]) -> None:
        number = int(record["number"])
        run = self.runs.setdefault(number, Run(number, started=milliseconds(record["time"])))
        if run.whole or run.status in TERMINAL:
            return
        run.add_params(record["params"])
        run.add_tags(record["tags"])
        run.status = "RUNNING"
        run.touch()

    def _epoch(self, record: Mapping[str, Any]) -> None:
        self.epoch_metrics.update(record["metrics"])
        run = self.runs[record["number"]]
        if run.whole or run.status in TERMINAL:
            return
        run.add_metrics(record["metrics"], record["epoch"], record["time"])
        run.last_step = max(run.last_step, record["epoch"])
        run.status = "RUNNING"
        run.touch()

    def _trial_ended(self, record: Mapping[str, Any]) -> None:
        run = self.runs[record["number"]]
        if run.whole or run.status in TERMINAL:
            return
        if record["status"] not in TERMINAL:
            raise ValueError(f"a trial cannot end as {record['status']!r}")
        run.add_metrics(record["metrics"], run.last_step, record["time"])
        run.add_tags(record["tags"])
        run.status, run.ended = record["status"], milliseconds(record["time"])
        run.touch()

    def _artifact(self, record: Mapping[str, Any]) -> None:
        run = self.runs[record["number"]]
        run.add_upload(Upload(path=Path(record["path"]), folder=record["artifact_path"]))
        if run.uploads:
            run.touch()

    def _interrupted(self) -> None:
        for run in self.runs.values():
            if run.status == "RUNNING":
                run.status = "SCHEDULED"
                run.touch()

    def _study_ended(self, record: Mapping[str, Any]) -> None:
        if record["status"] not in TERMINAL:
            raise ValueError(f"a study cannot end as {record['status']!r}")
        run = self.runs[None]
        self._ends += 1  # a study that is continued ends again, and says its result again
        run.add_metrics(record["metrics"], self._ends, record["time"])
        run.add_tags(record["tags"])
        run.status, run.ended = record["status"], milliseconds(record["time"])
        run.touch()
