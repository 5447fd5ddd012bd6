"""Literal tables: name → "module:attribute". One new piece is one file or function, and one line here."""

from __future__ import annotations

import importlib
from typing import Any

from hpsearch.errors import InputError, did_you_mean

TABLES: dict[str, dict[str, str]] = {
    "hyperparameters": {
        name: f"hpsearch.training.hyperparameters:{name}"
        for name in (
            "depth", "width", "activation", "batch_norm", "initialization", "dropout", "input_noise",
            "optimizer", "learning_rate", "momentum", "rmsprop_beta", "adam_beta1", "adam_beta2",
            "lr_decay", "decay_rate", "decay_epochs", "l1", "l2", "batch_size", "epochs",
        )
    },
    "data": {
        "digits": "hpsearch.training.data.digits:load",
    },
    "normalize": {
        "none": "hpsearch.training.data.normalise:none",
        "standard": "hpsearch.training.data.normalise:standard",
    },
    "model": {
        "mlp": "hpsearch.training.models.mlp:build",
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
    },
    "optimizer": {
        "sgd": "hpsearch.training.optimizers:sgd",
        "momentum": "hpsearch.training.optimizers:momentum",
        "rmsprop": "hpsearch.training.optimizers:rmsprop",
        "adam": "hpsearch.training.optimizers:adam",
    },
    "lr_decay": {
        "none": "hpsearch.training.schedules:none",
        "step": "hpsearch.training.schedules:step",
        "exponential": "hpsearch.training.schedules:exponential",
    },
    "metric": {
        "dev_accuracy": "hpsearch.training.metrics:dev_accuracy",
        "dev_loss": "hpsearch.training.metrics:dev_loss",
    },
    "sampler": {
        "grid": "hpsearch.search.samplers:Grid",
        "random": "hpsearch.search.samplers:Random",
        "tpe": "hpsearch.search.samplers:Tpe",
    },
    "pruner": {
        "none": "hpsearch.search.pruners:NoPruner",
        "median": "hpsearch.search.pruners:Median",
        "asha": "hpsearch.search.pruners:Asha",
    },
    "executor": {
        "inline": "hpsearch.execution.inline:InlineExecutor",
    },
    "figure": {
        "best_so_far": "hpsearch.reports.figures.best_so_far:figure",
        "learning_curves": "hpsearch.reports.figures.learning_curves:figure",
        "parallel_coordinates": "hpsearch.reports.figures.parallel_coordinates:figure",
        "slices": "hpsearch.reports.figures.slices:figure",
        "importances": "hpsearch.reports.figures.importances:figure",
        "trials_table": "hpsearch.reports.figures.trials_table:figure",
    },
}  # fmt: skip


def names(table: str) -> list[str]:
    """The names that a user may write, in the order of the table."""
    return list(TABLES[table])


def load(table: str, name: str) -> Any:
    """The piece behind a name. Raises InputError, with a did-you-mean, for a name that is not there."""
    if name not in TABLES[table]:
        raise InputError(f"{table}: there is no {name!r}", hint=did_you_mean(name, TABLES[table]))
    module, _, attribute = TABLES[table][name].partition(":")
    return getattr(importlib.import_module(module), attribute)
