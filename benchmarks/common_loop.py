"""The loop that people write today: Optuna, DataLoader, MLflow's fluent API, one trial after the other.

    python -m benchmarks.common_loop FILE --home DIR [--tuned]

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
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from torch.utils.data import DataLoader, TensorDataset

from benchmarks import plain_torch
from hpsearch import registry
from hpsearch.events import Scalar
from hpsearch.search.seeds import trial_seed
from hpsearch.space.hyperparameters import Choice, Range, Space
from hpsearch.space.load import load_study
from hpsearch.space.study_file import StudyFile
from hpsearch.training.config import Config, configure
from hpsearch.training.data.arrays import Dataset, Source
from hpsearch.training.data.prepare import prepare

DATABASE = "mlflow.db"
EVALUATION_BATCH = 1024


def suggest(trial: optuna.trial.BaseTrial, space: Space) -> dict[str, Scalar]:
    """The values of all active hyperparameters, the searched ones asked of the trial."""
    chosen: dict[str, Scalar] = {}
    for name in space.searched:
        if not space.active(name, chosen):
            continue
        form = space.hyperparameters[name]
        if isinstance(form, Choice):
            chosen[name] = trial.suggest_categorical(name, form.options)
        elif isinstance(form, Range) and form.integer:
            step = int(form.step or 1)
            chosen[name] = trial.suggest_int(name, int(form.low), int(form.high), step=step, log=form.log)
        elif isinstance(form, Range):
            chosen[name] = trial.suggest_float(name, form.low, form.high, step=form.step, log=form.log)
    return space.complete(chosen)


@dataclass
class Objective:
    """What `study.optimize` calls for each trial. `epochs` counts all that were trained."""

    file: StudyFile
    data: Dataset
    tuned: bool
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
        data, metric = self.data, self.file.objective.metric
        size = data.batch(config.batch_size)
        train = DataLoader(TensorDataset(data.train_x, data.train_y), batch_size=size, shuffle=True, drop_last=True)
        dev = DataLoader(TensorDataset(data.dev_x, data.dev_y), batch_size=EVALUATION_BATCH)
        network = plain_torch.build_network(config, data.inputs, data.classes)
        optimizer = plain_torch.build_optimizer(config, network)
        scheduler = plain_torch.build_scheduler(config, optimizer)
        value = math.nan
        for epoch in range(1, config.epochs + 1):
            metrics = {"learning_rate": float(optimizer.param_groups[0]["lr"])}
            trained = plain_torch.train_epoch(network, train, optimizer, config)
            metrics["train_loss"], metrics["train_accuracy"] = trained
            metrics["dev_loss"], metrics["dev_accuracy"] = plain_torch.evaluate(network, dev)
            self.epochs += 1
            if not math.isfinite(metrics["train_loss"]):
                return float(registry.load("metric", metric).worst)
            self._log(metrics, epoch)
            value = metrics[metric]
            trial.report(value, epoch)
            if trial.should_prune():
                raise optuna.TrialPruned
            if scheduler is not None:
                scheduler.step()
        return value

    def _log(self, metrics: dict[str, float], epoch: int) -> None:
        if self.tuned:
            mlflow.log_metrics(metrics, step=epoch)
            return
        for name, value in metrics.items():
            mlflow.log_metric(name, value, step=epoch)


def search(file: StudyFile, home: Path, *, tuned: bool) -> dict[str, float | int | None]:
    """Run a whole search in a folder; what came of it, with `seconds` from the first trial to the last."""
    torch.set_num_threads(1)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    data = prepare(Source(**file.data.model_dump()))
    objective = Objective(file, data.to("cpu", torch.float32), tuned)
    home.mkdir(parents=True, exist_ok=True)
    study = optuna.create_study(
        study_name=file.name,
        storage=_storage(home, tuned=tuned),
        sampler=_sampler(file),
        pruner=_pruner(file),
        direction=file.objective.direction,
    )
    mlflow.set_tracking_uri(f"sqlite:///{home.resolve() / DATABASE}")
    experiment = mlflow.create_experiment(file.name, (home / "artifacts").resolve().as_uri())
    began = time.perf_counter()
    with mlflow.start_run(experiment_id=experiment, run_name=file.name):
        study.optimize(objective, n_trials=file.search.trials)
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


def _sampler(file: StudyFile) -> BaseSampler:
    seed = file.search.seed
    return RandomSampler(seed=seed) if file.search.sampler == "random" else TPESampler(seed=seed)


def _pruner(file: StudyFile) -> BasePruner:
    match file.search.pruner:
        case "asha":
            return SuccessiveHalvingPruner(min_resource=1, reduction_factor=3)
        case "median":
            return MedianPruner()
        case _:
            return NopPruner()


def main() -> None:
    """Run as a process."""
    parser = argparse.ArgumentParser(description="The search loop that people write today.")
    parser.add_argument("file")
    parser.add_argument("--trials", type=int)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--tuned", action="store_true", help="the fastest storage and calls")
    parser.add_argument("--set", dest="overrides", metavar="PATH=VALUE", action="append", default=[])
    arguments = parser.parse_args()
    overrides = list(arguments.overrides)
    if arguments.trials is not None:
        overrides.append(f"search.trials={arguments.trials}")
    file = load_study(arguments.file, overrides)
    if file.search.sampler == "grid":
        parser.error("this loop has no grid")
    print(json.dumps(search(file, arguments.home, tuned=arguments.tuned)))


if __name__ == "__main__":
    main()
