"""Ray Tune as its documentation shows it: OptunaSearch, MLflow's logger callback, a process and a core for each trial.

    python -m benchmarks.ray_loop FILE --home DIR [--at-once 2] [--set PATH=VALUE]

The training is the common loop's. Prints one line of JSON.
"""

from __future__ import annotations

import json
import math
import os
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import torch

from benchmarks.common_loop import arguments
from benchmarks.plain_trial import sampler, study_file, suggest, train, training_data
from benchmarks.tracked import DATABASE
from hpsearch import registry
from hpsearch.events import Scalar
from hpsearch.space.study_file import StudyFile
from hpsearch.training.config import configure
from hpsearch.training.data.arrays import Dataset

# Sockets are below this folder, and their paths must be short.
SHORT = "/tmp" if Path("/tmp").is_dir() else None


def trial(values: dict[str, Scalar], *, model: str, metric: str, seed: int, data: Dataset) -> None:
    """What Ray calls in a process of its own."""
    from ray import tune

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    for metrics in train(model, configure(values), data):
        if not math.isfinite(metrics["train_loss"]):
            tune.report({metric: registry.load("metric", metric).worst})
            return
        tune.report(metrics)


def search(file: StudyFile, home: Path, at_once: int) -> dict[str, float | int | None]:
    """Run a whole search in a folder; what came of it, with `seconds` without Ray's own start."""
    import ray
    from ray import tune
    from ray.air.integrations.mlflow import MLflowLoggerCallback
    from ray.tune.search.optuna import OptunaSearch

    metric, mode = file.objective.metric, file.objective.direction[:3]
    given = {"model": file.model, "metric": metric, "seed": file.search.seed, "data": training_data(file)}
    home = home.resolve()
    with tempfile.TemporaryDirectory(prefix="ray-", dir=SHORT, ignore_cleanup_errors=True) as sockets:
        ray.init(num_cpus=at_once, include_dashboard=False, log_to_driver=False, _temp_dir=sockets)
        try:
            tuner = tune.Tuner(
                tune.with_resources(tune.with_parameters(trial, **given), {"cpu": 1}),
                tune_config=tune.TuneConfig(
                    metric=metric,
                    mode=mode,
                    num_samples=file.search.trials,
                    max_concurrent_trials=at_once,
                    search_alg=OptunaSearch(
                        partial(suggest, space=file.space), metric=metric, mode=mode, sampler=sampler(file)
                    ),
                    scheduler=_scheduler(file),
                ),
                run_config=tune.RunConfig(
                    name=file.name,
                    storage_path=str(home / "ray"),
                    verbose=0,
                    callbacks=[MLflowLoggerCallback(f"sqlite:///{home / DATABASE}", experiment_name=file.name)],
                ),
            )
            began = time.perf_counter()
            results = tuner.fit()
            return _told(results, metric, mode, time.perf_counter() - began)
        finally:
            ray.shutdown()


def _told(results: Any, metric: str, mode: str, seconds: float) -> dict[str, float | int | None]:
    ended = [result.metrics for result in results if result.error is None and metric in (result.metrics or {})]
    values = [metrics[metric] for metrics in ended]
    return {
        "trials": len(ended),
        "seconds": seconds,
        "epochs": sum(metrics["training_iteration"] for metrics in ended),
        "best": (max if mode == "max" else min)(values, default=None),
    }


def _scheduler(file: StudyFile) -> Any:
    """Successive halving as the other ways have it; None where every trial trains all its epochs."""
    from ray.tune.schedulers import ASHAScheduler

    epochs = file.hyperparameters["epochs"].to_json() if "epochs" in file.hyperparameters else 100
    match file.search.pruner, epochs:
        case "none", _:
            return None
        case "asha", int(longest):
            return ASHAScheduler(max_t=longest, grace_period=1, reduction_factor=3)
    raise ValueError(f"this loop has no pruner {file.search.pruner!r} for epochs {epochs!r}")


def main() -> None:
    """Run as a process."""
    parser = arguments("The common loop's training in Ray Tune.")
    parser.add_argument("--at-once", type=int, default=2, help="trials at a time; 2")
    given = parser.parse_args()
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    try:
        file = study_file(given.file, given.overrides)
    except ValueError as error:
        parser.error(str(error))
    print("\n" + json.dumps(search(file, given.home, given.at_once)))


if __name__ == "__main__":
    main()
