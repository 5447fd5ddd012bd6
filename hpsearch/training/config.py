"""A trial's hyperparameters as training reads them: every value present and typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from hpsearch import registry
from hpsearch.declarations import Hyperparameter
from hpsearch.events import Scalar

Signature = tuple[tuple[str, Scalar], ...]


@dataclass(frozen=True, slots=True)
class Config:
    """One field for each hyperparameter of the registry; what an assignment leaves out has its default."""

    depth: int
    width: int
    channels: int
    block: str
    shortcut: bool
    activation: str
    leaky_slope: float
    batch_norm: bool
    initialization: str
    init_std: float
    pretrain_epochs: int
    pretrain_learning_rate: float
    cd_steps: int
    dropout: float
    input_noise: float
    shift: int
    flip: float
    rotation: float
    erase: float
    mixup: float
    optimizer: str
    learning_rate: float
    momentum: float
    rmsprop_beta: float
    adam_beta1: float
    adam_beta2: float
    weight_decay: float
    gradient_clip: float
    lr_decay: str
    decay_rate: float
    decay_epochs: int
    warmup_epochs: int
    l1: float
    l2: float
    batch_size: int | str
    epochs: int


def declared(name: str) -> Hyperparameter:
    """What the registry says of a hyperparameter."""
    declaration: Hyperparameter = registry.load("hyperparameters", name)
    return declaration


def configure(values: Mapping[str, Scalar]) -> Config:
    """The assignment's values with defaults for the rest. Raises InputError for a name that is not known."""
    for name in values:
        declared(name)
    complete = {f.name: values.get(f.name, declared(f.name).default) for f in fields(Config)}
    return Config(**complete)  # type: ignore[arg-type]  # the study file was checked against the declarations


def signature(config: Config) -> Signature:
    """The values that all trials of a stack share: those of the hyperparameters that are not fusible."""
    return tuple((f.name, getattr(config, f.name)) for f in fields(Config) if not declared(f.name).fusible)
