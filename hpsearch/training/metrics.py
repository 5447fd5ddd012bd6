"""What a study may optimise: each metric's better direction, its worst value, and how it is computed.

No PyTorch at import time: a study file is checked against this table. A score takes outputs
[trial, sample, output] and targets [sample] with the `Dataset` they belong to, and returns [trial], float64.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from torch import Tensor

    from hpsearch.training.data.arrays import Dataset

    Score = Callable[[Tensor, Tensor, Dataset], Tensor]


@dataclass(frozen=True, slots=True)
class Metric:
    """`worst` is what counts for a trial whose loss was no longer finite; `tasks` says what it is for.

    `score` is None for the loss, which training computes anyway.
    """

    direction: Literal["maximize", "minimize"]
    worst: float
    doc: str
    tasks: tuple[str, ...]
    score: Score | None = None


CLASSES = ("multiclass", "binary")
NUMBERS = ("regression",)


def _accuracy(outputs: Tensor, targets: Tensor, data: Dataset) -> Tensor:
    return (data.predicted(outputs) == targets).sum(1).double() / len(targets)


def _balanced_accuracy(outputs: Tensor, targets: Tensor, data: Dataset) -> Tensor:
    confusion = _confusion(outputs, targets, data)
    there = confusion.sum(2)
    recall = confusion.diagonal(dim1=1, dim2=2) / there.clamp(min=1)
    return recall.sum(1) / (there > 0).sum(1)


def _macro_f1(outputs: Tensor, targets: Tensor, data: Dataset) -> Tensor:
    confusion = _confusion(outputs, targets, data)
    said_or_true = confusion.sum(1) + confusion.sum(2)
    f1 = 2 * confusion.diagonal(dim1=1, dim2=2) / said_or_true.clamp(min=1)
    return f1.sum(1) / (said_or_true > 0).sum(1)


def _auroc(outputs: Tensor, targets: Tensor, data: Dataset) -> Tensor:
    """Mann and Whitney's form, ties counted half; the mean over the classes, each against the rest."""
    import torch

    if data.task == "binary":
        scores, positive = outputs, targets[:, None] == 1
    else:
        there = torch.unique(targets)
        there = there if len(there) > 1 else there[:0]
        scores, positive = outputs.double().log_softmax(2)[:, :, there], targets[:, None] == there
    scores = scores.transpose(1, 2).contiguous()
    ordered = scores.sort(2).values
    # Places below and up to each score: together twice its mean rank among equals, less one.
    ranks = torch.searchsorted(ordered, scores) + torch.searchsorted(ordered, scores, right=True)
    ones = positive.sum(0)
    above = (ranks * positive.t()).sum(2) - ones**2
    return (above / (2 * ones * (len(targets) - ones)).double()).mean(1)


def _rmse(outputs: Tensor, targets: Tensor, data: Dataset) -> Tensor:
    return _errors(outputs, targets, data).square().mean(1).sqrt()


def _mae(outputs: Tensor, targets: Tensor, data: Dataset) -> Tensor:
    return _errors(outputs, targets, data).abs().mean(1)


def _r2(outputs: Tensor, targets: Tensor, data: Dataset) -> Tensor:
    true = targets.double() * data.target_scale
    return 1 - _errors(outputs, targets, data).square().mean(1) / (true - true.mean()).square().mean()


def _errors(outputs: Tensor, targets: Tensor, data: Dataset) -> Tensor:
    return (outputs.squeeze(2).double() - targets.double()) * data.target_scale


def _confusion(outputs: Tensor, targets: Tensor, data: Dataset) -> Tensor:
    """Counts [trial, true class, predicted class], float64."""
    import torch

    trials, classes = len(outputs), data.classes
    cells = targets * classes + data.predicted(outputs)
    cells = cells + torch.arange(trials, device=cells.device)[:, None] * classes**2
    counts = cells.flatten().bincount(minlength=trials * classes**2)
    return counts.view(trials, classes, classes).double()


dev_accuracy = Metric("maximize", 0.0, "share of the dev samples whose class is predicted rightly", CLASSES, _accuracy)
dev_balanced_accuracy = Metric(
    "maximize", 0.0, "mean over the classes of the share that is found", CLASSES, _balanced_accuracy
)
dev_macro_f1 = Metric(
    "maximize", 0.0, "mean over the classes of the harmonic mean of precision and recall", CLASSES, _macro_f1
)
dev_auroc = Metric(
    "maximize",
    0.0,
    "area under the receiver operating characteristic; with several classes the mean of each against the rest",
    CLASSES,
    _auroc,
)
dev_loss = Metric("minimize", math.inf, "mean loss over the dev samples, without penalties", (*CLASSES, *NUMBERS))
dev_rmse = Metric("minimize", math.inf, "root of the mean squared error, in the target's unit", NUMBERS, _rmse)
dev_mae = Metric("minimize", math.inf, "mean absolute error, in the target's unit", NUMBERS, _mae)
dev_r2 = Metric("maximize", -math.inf, "share of the target's variance that is predicted", NUMBERS, _r2)
