"""Literal tables: name → "module:attribute". One new piece is one file or function, and one line here.

An installed package adds a sampler or a figure of its own by an entry point of `hpsearch.sampler` or `hpsearch.figure`.
"""

from __future__ import annotations

import importlib
from importlib import metadata
from typing import Any

from hpsearch.errors import InputError, did_you_mean

TABLES: dict[str, dict[str, str]] = {
    "hyperparameters": {
        name: f"hpsearch.training.hyperparameters:{name}"
        for name in (
            "depth", "width", "channels", "block", "shortcut", "activation",
            "leaky_slope", "batch_norm", "initialization", "init_std", "pretrain_epochs", "pretrain_learning_rate",
            "cd_steps", "dropout", "input_noise", "shift", "flip", "rotation",
            "erase", "mixup", "optimizer", "learning_rate", "momentum", "rmsprop_beta",
            "adam_beta1", "adam_beta2", "weight_decay", "gradient_clip", "lr_decay", "decay_rate",
            "decay_epochs", "warmup_epochs", "l1", "l2", "batch_size", "epochs",
        )
    },
    "data": {
        "digits": "hpsearch.training.data.digits:load",
        "breast_cancer": "hpsearch.training.data.breast_cancer:load",
        "wine": "hpsearch.training.data.wine:load",
        "diabetes": "hpsearch.training.data.diabetes:load",
        "mnist": "hpsearch.training.data.mnist:load",
        "fashion_mnist": "hpsearch.training.data.fashion_mnist:load",
        "cifar10": "hpsearch.training.data.cifar10:load",
        "csv": "hpsearch.training.data.csv:load",
        "parquet": "hpsearch.training.data.parquet:load",
        "npz": "hpsearch.training.data.npz:load",
    },
    "normalize": {
        "none": "hpsearch.training.data.normalise:none",
        "standard": "hpsearch.training.data.normalise:standard",
        "min_max": "hpsearch.training.data.normalise:min_max",
        "standard_channel": "hpsearch.training.data.normalise:standard_channel",
        "min_max_channel": "hpsearch.training.data.normalise:min_max_channel",
    },
    "task": {
        "multiclass": "hpsearch.training.tasks:multiclass",
        "binary": "hpsearch.training.tasks:binary",
        "regression": "hpsearch.training.tasks:regression",
    },
    "precision": {
        "float32": "hpsearch.training.precision:float32",
        "tf32": "hpsearch.training.precision:tf32",
        "bfloat16": "hpsearch.training.precision:bfloat16",
        "float64": "hpsearch.training.precision:float64",
    },
    "model": {
        "mlp": "hpsearch.training.models.mlp:build",
        "lenet": "hpsearch.training.models.lenet:build",
        "vgg": "hpsearch.training.models.vgg:build",
        "resnet": "hpsearch.training.models.resnet:build",
        "dbn": "hpsearch.training.models.dbn:build",
    },
    "block": {
        "basic": "hpsearch.training.models.resnet:Basic",
        "bottleneck": "hpsearch.training.models.resnet:Bottleneck",
    },
    "activation": {
        "relu": "hpsearch.training.layers:Relu",
        "leaky_relu": "hpsearch.training.layers:LeakyRelu",
        "sigmoid": "hpsearch.training.layers:Sigmoid",
        "tanh": "hpsearch.training.layers:Tanh",
    },
    "initialization": {
        "he_normal": "hpsearch.training.initializers:he_normal",
        "he_uniform": "hpsearch.training.initializers:he_uniform",
        "xavier_normal": "hpsearch.training.initializers:xavier_normal",
        "xavier_uniform": "hpsearch.training.initializers:xavier_uniform",
        "standard_normal": "hpsearch.training.initializers:standard_normal",
        "normal": "hpsearch.training.initializers:normal",
    },
    "augmentation": {  # applied in this order
        "shift": "hpsearch.training.augment.shift:Shift",
        "flip": "hpsearch.training.augment.flip:Flip",
        "rotation": "hpsearch.training.augment.rotation:Rotation",
        "input_noise": "hpsearch.training.augment.input_noise:InputNoise",
        "erase": "hpsearch.training.augment.erase:Erase",
        "mixup": "hpsearch.training.augment.mixup:Mixup",
    },
    "optimizer": {
        "sgd": "hpsearch.training.optimizers:sgd",
        "momentum": "hpsearch.training.optimizers:momentum",
        "averaged_momentum": "hpsearch.training.optimizers:averaged_momentum",
        "nesterov": "hpsearch.training.optimizers:nesterov",
        "rmsprop": "hpsearch.training.optimizers:rmsprop",
        "adam": "hpsearch.training.optimizers:adam",
        "adamw": "hpsearch.training.optimizers:adamw",
    },
    "lr_decay": {
        "none": "hpsearch.training.schedules:none",
        "step": "hpsearch.training.schedules:step",
        "exponential": "hpsearch.training.schedules:exponential",
        "cosine": "hpsearch.training.schedules:cosine",
    },
    "metric": {
        "dev_accuracy": "hpsearch.training.metrics:dev_accuracy",
        "dev_balanced_accuracy": "hpsearch.training.metrics:dev_balanced_accuracy",
        "dev_macro_f1": "hpsearch.training.metrics:dev_macro_f1",
        "dev_auroc": "hpsearch.training.metrics:dev_auroc",
        "dev_loss": "hpsearch.training.metrics:dev_loss",
        "dev_rmse": "hpsearch.training.metrics:dev_rmse",
        "dev_mae": "hpsearch.training.metrics:dev_mae",
        "dev_r2": "hpsearch.training.metrics:dev_r2",
    },
    "cost": {
        "parameters": "hpsearch.training.costs:parameters",
        "multiply_adds": "hpsearch.training.costs:multiply_adds",
    },
    "sampler": {
        "grid": "hpsearch.search.samplers:Grid",
        "random": "hpsearch.search.samplers:Random",
        "tpe": "hpsearch.search.samplers:Tpe",
        "qmc": "hpsearch.search.quasi_random:QuasiRandom",
        "cmaes": "hpsearch.search.cmaes:CmaEs",
        "gp": "hpsearch.search.gaussian_process:GaussianProcess",
        "nsgaii": "hpsearch.search.genetic:NsgaII",
    },
    "pruner": {
        "none": "hpsearch.search.pruners:NoPruner",
        "median": "hpsearch.search.pruners:Median",
        "asha": "hpsearch.search.pruners:Asha",
        "hyperband": "hpsearch.search.pruners:Hyperband",
    },
    "executor": {
        "inline": "hpsearch.execution.inline:InlineExecutor",
        "processes": "hpsearch.execution.processes:ProcessExecutor",
    },
    "figure": {
        "best_so_far": "hpsearch.reports.figures.best_so_far:figure",
        "learning_curves": "hpsearch.reports.figures.learning_curves:figure",
        "importances": "hpsearch.reports.figures.importances:figure",
        "slices": "hpsearch.reports.figures.slices:figure",
        "isolation": "hpsearch.reports.figures.isolation:figure",
        "contours": "hpsearch.reports.figures.contours:figure",
        "parallel_coordinates": "hpsearch.reports.figures.parallel_coordinates:figure",
        "pareto": "hpsearch.reports.figures.pareto:figure",
        "coverage": "hpsearch.reports.figures.coverage:figure",
        "fit_map": "hpsearch.reports.figures.fit_map:figure",
        "diagnosis": "hpsearch.reports.figures.diagnosis:figure",
        "gradient_health": "hpsearch.reports.figures.gradient_health:figure",
        "failures": "hpsearch.reports.figures.failures:figure",
        "timeline": "hpsearch.reports.figures.timeline:figure",
        "trials_table": "hpsearch.reports.figures.trials_table:figure",
        "provenance": "hpsearch.reports.figures.provenance:figure",
    },
    "comparison": {
        "standings": "hpsearch.reports.comparisons.standings:figure",
        "progress": "hpsearch.reports.comparisons.progress:figure",
        "finals": "hpsearch.reports.comparisons.finals:figure",
        "mean_ranks": "hpsearch.reports.comparisons.mean_ranks:figure",
        "paired_tests": "hpsearch.reports.comparisons.paired_tests:figure",
        "chances": "hpsearch.reports.comparisons.chances:figure",
        "target": "hpsearch.reports.comparisons.target:figure",
        "pareto": "hpsearch.reports.comparisons.pareto:figure",
        "coverage": "hpsearch.reports.comparisons.coverage:figure",
        "study_files": "hpsearch.reports.comparisons.study_files:figure",
    },
}  # fmt: skip


PLUGINS = "hpsearch."  # an installed package adds to a table by entry points of the group hpsearch.TABLE …
OPEN = ("figure", "sampler")  # … where that table is open to them


def names(table: str) -> list[str]:
    """The names that a user may write, in the order of the table; those of installed packages come last."""
    return [*TABLES[table], *(name for name in plugins(table) if name not in TABLES[table])]


def plugins(table: str) -> dict[str, str]:
    """What installed packages add to a table: name → "module:attribute". A name of our own stays ours."""
    if table not in OPEN:
        return {}
    found = metadata.entry_points(group=f"{PLUGINS}{table}")
    return {point.name: point.value for point in sorted(found, key=lambda point: point.name)}


def load(table: str, name: str) -> Any:
    """The piece behind a name. Raises InputError, with a did-you-mean, for a name that is not there.

    It does so too for a plug-in that cannot be imported, and says which one.
    """
    if name in TABLES[table]:
        return _attribute(TABLES[table][name])
    added = plugins(table)
    if name not in added:
        raise InputError(f"{table}: there is no {name!r}", hint=did_you_mean(name, [*TABLES[table], *added]))
    try:
        return _attribute(added[name])
    except Exception as error:
        what = f"{table} {name!r} of an installed package ({added[name]}) cannot be imported: {error!r}"
        raise InputError(what) from error


def _attribute(place: str) -> Any:
    module, _, attribute = place.partition(":")
    return getattr(importlib.import_module(module), attribute)
