"""Small data and random assignments for tests of training."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st

from hpsearch import registry
from hpsearch.training.config import configure
from hpsearch.training.data.arrays import Dataset
from hpsearch.training.fit import train_epoch
from hpsearch.training.program import Program
from hpsearch.training.stack import Stack
from hpsearch.training.state import TrialState, begin


def dataset(
    samples: int = 90,
    features: int = 11,
    classes: int = 3,
    dtype: torch.dtype = torch.float32,
    task: str = "multiclass",
    inputs: tuple[int, ...] = (),
) -> Dataset:
    """Noisy clusters, of the shape `inputs` if given: train 60 %, dev and test 20 % each."""
    classes = 2 if task == "binary" else classes
    rng = np.random.default_rng(0)
    labels = np.arange(samples) % classes
    x = torch.from_numpy(rng.normal(size=(samples, math.prod(inputs or (features,)))) + 1.5 * labels[:, None]).to(dtype)
    x = x.view(samples, *inputs) if inputs else x
    y = torch.from_numpy(labels)
    if task == "regression":
        y, classes = (y - 1.0 + 0.1 * torch.from_numpy(rng.normal(size=samples))).to(dtype), 0
    cuts = [int(samples * 0.6), int(samples * 0.2), samples - int(samples * 0.6) - int(samples * 0.2)]
    (a, b, c), (d, e, f) = torch.split(x, cuts), torch.split(y, cuts)
    return Dataset(classes, a, d, b, e, c, f, task=task)


#: What may differ inside a stack.
fusible: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "optimizer": st.sampled_from(registry.names("optimizer")),
        "learning_rate": st.floats(1e-3, 0.1),
        "momentum": st.floats(0.0, 0.99),
        "rmsprop_beta": st.floats(0.5, 0.999),
        "adam_beta1": st.floats(0.0, 0.95),
        "adam_beta2": st.floats(0.9, 0.9999),
        "lr_decay": st.sampled_from(registry.names("lr_decay")),
        "decay_rate": st.floats(0.3, 1.0),
        "decay_epochs": st.integers(1, 3),
        "warmup_epochs": st.integers(0, 2),
        "weight_decay": st.floats(0.0, 0.5),
        "gradient_clip": st.one_of(st.just(0.0), st.floats(0.01, 1.0)),
        "init_std": st.floats(0.01, 1.0),
        "initialization": st.sampled_from(["he_normal", "he_uniform", "xavier_normal", "xavier_uniform", "normal"]),
        "dropout": st.one_of(st.just(0.0), st.floats(0.0, 0.9)),
        "input_noise": st.one_of(st.just(0.0), st.floats(0.0, 1.0)),
        "mixup": st.one_of(st.just(0.0), st.floats(0.01, 2.0)),
        "l1": st.one_of(st.just(0.0), st.floats(0.0, 1e-2)),
        "l2": st.one_of(st.just(0.0), st.floats(0.0, 1e-1)),
        "epochs": st.integers(1, 9),
    }
)
#: What else may differ where samples are images.
fusible_on_images: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "shift": st.integers(0, 3),
        "flip": st.one_of(st.just(0.0), st.floats(0.0, 1.0)),
        "rotation": st.one_of(st.just(0.0), st.floats(0.0, 180.0)),
        "erase": st.one_of(st.just(0.0), st.floats(0.0, 0.9)),
    }
)
#: What all trials of a stack share; odd sizes, because kernels treat what is left over otherwise.
structure: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "depth": st.integers(1, 3),
        "width": st.integers(1, 37),
        "activation": st.sampled_from(["relu", "leaky_relu", "sigmoid", "tanh"]),
        "batch_norm": st.booleans(),
        "batch_size": st.integers(2, 70),
    }
)


def program(values: dict[str, Any], data: Dataset) -> Program:
    return Program("mlp", configure(values), data)


def start(shared: Program, seed: int, values: dict[str, Any], number: int = 0) -> TrialState:
    return begin(shared, number, seed, configure(values))


def train(shared: Program, states: list[TrialState], epochs: int) -> dict[int, list[dict[str, float]]]:
    """Train states as one stack; the metrics of every epoch by trial number."""
    stack = Stack(shared, states)
    told: dict[int, list[dict[str, float]]] = {state.number: [] for state in states}
    for _ in range(epochs):
        for state, metrics in zip(stack.states, train_epoch(stack), strict=True):
            told[state.number].append(metrics)
    return told
