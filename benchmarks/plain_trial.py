"""One trial as people write it: values asked of Optuna, a DataLoader, a loop over epochs. All rivals train by this."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import optuna
import torch
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset

from benchmarks import plain_torch
from hpsearch.events import Scalar
from hpsearch.space.hyperparameters import Choice, Range, Space
from hpsearch.space.load import load_study
from hpsearch.space.study_file import StudyFile
from hpsearch.training.config import Config
from hpsearch.training.data.arrays import Dataset, Source
from hpsearch.training.data.prepare import prepare

EVALUATION_BATCH = 1024


def study_file(path: str, overrides: Sequence[str]) -> StudyFile:
    """A study file that plain training can do. Raises ValueError for one that asks for more."""
    file = load_study(path, overrides)
    if file.search.sampler.alone == "grid":
        raise ValueError("this loop has no grid")
    if file.model not in plain_torch.NETWORKS:
        raise ValueError(f"this loop has no {file.model}")
    if names := plain_torch.refused(file.hyperparameters):
        raise ValueError(f"this loop has no {', '.join(names)}")
    return file


def training_data(file: StudyFile) -> Dataset:
    """The study's data in single precision, on the CPU."""
    return prepare(Source(**file.data.model_dump())).to("cpu", torch.float32)


def sampler(file: StudyFile) -> BaseSampler:
    """Optuna's own, seeded as the study is."""
    seed = file.search.seed
    return RandomSampler(seed=seed) if file.search.sampler.alone == "random" else TPESampler(seed=seed)


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


def train(model: str, config: Config, data: Dataset, device: str = "cpu") -> Iterator[dict[str, float]]:
    """Train a network to its last epoch; the metrics of each epoch, as it ends."""
    size = data.batch(config.batch_size)
    batches = DataLoader(TensorDataset(data.train_x, data.train_y), batch_size=size, shuffle=True, drop_last=True)
    dev = DataLoader(TensorDataset(data.dev_x, data.dev_y), batch_size=EVALUATION_BATCH)
    network = plain_torch.NETWORKS[model](config, data.inputs, data.classes).to(device)
    optimizer = plain_torch.build_optimizer(config, network)
    scheduler = plain_torch.build_scheduler(config, optimizer)
    for _ in range(config.epochs):
        metrics = {"learning_rate": float(optimizer.param_groups[0]["lr"])}
        trained = plain_torch.train_epoch(network, _on(device, batches), optimizer, config)
        metrics["train_loss"], metrics["train_accuracy"] = trained
        metrics["dev_loss"], metrics["dev_accuracy"] = plain_torch.evaluate(network, _on(device, dev))
        yield metrics
        if scheduler is not None:
            scheduler.step()


def _on(device: str, batches: plain_torch.Batches) -> Iterator[tuple[Tensor, Tensor]]:
    for x, y in batches:
        yield x.to(device), y.to(device)
