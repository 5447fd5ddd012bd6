"""The loop that people write today: Optuna, DataLoader, MLflow's fluent API, one trial after the other.

    python -m benchmarks.common_loop FILE --home DIR [--tuned] [--set PATH=VALUE]

As it comes, it is what the tools' own tutorials show: Optuna's study in SQLite, one `mlflow.log_metric` a value.
`--tuned` takes the fastest that the same calls allow: Optuna's journal file, one `mlflow.log_metrics` an epoch.
Prints one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from dataclasses import dataclass
from pathlib import Path

import mlflow
import optuna
import torch
from optuna.pruners import BasePruner, MedianPruner, NopPruner, SuccessiveHalvingPruner
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend

from benchmarks.plain_trial import sampler, study_file, suggest, train, training_data
from benchmarks.tracked import DATABASE
from hpsearch import registry
from hpsearch.search.seeds import trial_seed
from hpsearch.space.study_file import StudyFile
from hpsearch.training.config import Config, configure
from hpsearch.training.data.arrays import Dataset


@dataclass
class Objective:
    """What `study.optimize` calls for each trial. `epochs` counts all that were trained."""

    file: StudyFile
    data: Dataset
    tuned: bool
    device: str = "cpu"
    epochs: int = 0

    def __call__(self, trial: optuna.Trial) -> float:
        torch.manual_seed(trial_seed(self.file.search.seed, trial.number))
        values = suggest(trial, self.file.space)
        with mlflow.start_run(run_name=f"trial-{trial.number}", nested=True):
            mlflow.log_params(values)
            try:
                return self._train(trial, configure(values))
            except optuna.TrialPruned:
                mlflow.end_run("KILLED")
                raise

    def _train(self, trial: optuna.Trial, config: Config) -> float:
        metric, value = self.file.objective.metric, math.nan
        for epoch, metrics in enumerate(train(self.file.model, config, self.data, self.device), start=1):
            self.epochs += 1
            if not math.isfinite(metrics["train_loss"]):
                return float(registry.load("metric", metric).worst)
            self._log(metrics, epoch)
            value = metrics[metric]
            trial.report(value, epoch)
            if trial.should_prune():
                raise optuna.TrialPruned
        return value

    def _log(self, metrics: dict[str, float], epoch: int) -> None:
        if self.tuned:
            mlflow.log_metrics(metrics, step=epoch)
            return
        for name, value in metrics.items():
            mlflow.log_metric(name, value, step=epoch)


def search(
    file: StudyFile, home: Path, *, tuned: bool, device: str = "cpu", timeout: float | None = None
) -> dict[str, float | int | None]:
    """Run a whole search in a folder; what came of it, with `seconds` from the first trial to the last.

    `timeout`: seconds after which no trial is begun.
    """
    torch.set_num_threads(1)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    objective = Objective(file, training_data(file), tuned, device)
    home.mkdir(parents=True, exist_ok=True)
    study = optuna.create_study(
        study_name=file.name,
        storage=_storage(home, tuned=tuned),
        sampler=sampler(file),
        pruner=_pruner(file),
        direction=file.objective.direction,
    )
    mlflow.set_tracking_uri(f"sqlite:///{home.resolve() / DATABASE}")
    experiment = mlflow.create_experiment(file.name, (home / "artifacts").resolve().as_uri())
    began = time.perf_counter()
    with mlflow.start_run(experiment_id=experiment, run_name=file.name):
        study.optimize(objective, n_trials=file.search.trials, timeout=timeout)
    seconds = time.perf_counter() - began
    values = [t.value for t in study.trials if t.state == optuna.trial.TrialState.COMPLETE]
    return {
        "trials": len(study.trials),
        "seconds": seconds,
        "epochs": objective.epochs,
        "best": study.best_value if values else None,
    }


def _storage(home: Path, *, tuned: bool) -> BaseStorage:
    if tuned:
        return JournalStorage(JournalFileBackend(str(home / "optuna.journal")))
    return RDBStorage(f"sqlite:///{home.resolve() / 'optuna.db'}")


def _pruner(file: StudyFile) -> BasePruner:
    match file.search.pruner:
        case "asha":
            return SuccessiveHalvingPruner(min_resource=1, reduction_factor=3)
        case "median":
            return MedianPruner()
        case _:
            return NopPruner()


def arguments(description: str) -> argparse.ArgumentParser:
    """What every loop takes: the study file, what to change in it, and a folder."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("file")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--set", dest="overrides", metavar="PATH=VALUE", action="append", default=[])
    return parser


def main() -> None:
    """Run as a process."""
    parser = arguments("The search loop that people write today.")
    parser.add_argument("--tuned", action="store_true", help="the fastest storage and calls")
    parser.add_argument("--device", default="cpu", help="cpu or cuda; cpu")
    parser.add_argument("--timeout", type=float, metavar="SECONDS", help="begin no trial after this time")
    given = parser.parse_args()
    try:
        file = study_file(given.file, given.overrides)
    except ValueError as error:
        parser.error(str(error))
    print(json.dumps(search(file, given.home, tuned=given.tuned, device=given.device, timeout=given.timeout)))


if __name__ == "__main__":
    main()
