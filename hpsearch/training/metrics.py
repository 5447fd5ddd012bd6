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


def accuracy(outputs: Tensor, targets: Tensor, data: Dataset) -> Tensor:
    """The share of the samples whose class is predicted rightly."""
    return (data.predicted(outputs) == targets).sum(1).double() / len(targets)


def _balanced_accuracy(outputs: Tensor, targets: Tensor, data: Dataset) -> Tensor:
    hits, _, there = _counts(outputs, targets, data)
    return (hits / there.clamp(min=1)).sum(1) / (there > 0).sum()


def _macro_f1(outputs: Tensor, targets: Tensor, data: Dataset) -> Tensor:
    hits, said, there = _counts(outputs, targets, data)
    f1 = 2 * hits / (said + there).clamp(min=1)
    return f1.sum(1) / (said + there > 0).sum(1)


def _auroc(outputs: Tensor, targets: Tensor, data: Dataset) -> Tensor:
    """Mann and Whitney's form, ties counted half; the mean over the classes, each against the rest."""
    import numpy as np
    import torch

    two = data.task == "binary"
    scores = (outputs if two else outputs.double().log_softmax(2)).permute(2, 0, 1).contiguous()
    # Not torch.sort, which carries places along that nobody asks for: a tenth of its time.
    ordered = torch.from_numpy(np.sort(scores.cpu().numpy(), 2)).to(scores.device)
    counts = targets.bincount(minlength=data.classes)
    samples, there = _by_class(targets, counts)
    if two:
        counts, samples, there = counts[1:], samples[1:], there[1:]
    own = scores.gather(2, samples[:, None].expand(-1, len(outputs), -1))
    # Places below and up to each score: together twice its mean rank among equals, less one.
    ranks = torch.searchsorted(ordered, own) + torch.searchsorted(ordered, own, right=True)
    above = (ranks * there[:, None]).sum(2).T - counts**2
    pairs = 2 * counts * (len(targets) - counts)
    if not (compared := pairs > 0).any():
        return outputs.new_full((len(outputs),), torch.nan, dtype=torch.float64)
    return (above.double() / pairs)[:, compared].contiguous().mean(1)


def _by_class(targets: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
    """The samples of each class [class, place], filled up with any sample, and which of them are there."""
    import torch

    places = torch.arange(int(counts.max()), device=targets.device)
    first = counts.cumsum(0) - counts
    samples = targets.argsort(stable=True)[(first[:, None] + places).clamp(max=len(targets) - 1)]
    return samples, places < counts[:, None]


def _rmse(outputs: Tensor, targets: Tensor, data: Dataset) -> Tensor:
    return _errors(outputs, targets, data).square().mean(1).sqrt()


def _mae(outputs: Tensor, targets: Tensor, data: Dataset) -> Tensor:
    return _errors(outputs, targets, data).abs().mean(1)


def _r2(outputs: Tensor, targets: Tensor, data: Dataset) -> Tensor:
    true = targets.double() * data.target_scale
    return 1 - _errors(outputs, targets, data).square().mean(1) / (true - true.mean()).square().mean()


def _errors(outputs: Tensor, targets: Tensor, data: Dataset) -> Tensor:
    return (outputs.squeeze(2).double() - targets.double()) * data.target_scale


def _counts(outputs: Tensor, targets: Tensor, data: Dataset) -> tuple[Tensor, Tensor, Tensor]:
    """By class: samples predicted rightly [trial, class], predicted so at all [trial, class], and there [class]."""
    import torch

    trials, classes = len(outputs), data.classes
    predicted = data.predicted(outputs)
    first = torch.arange(trials, device=outputs.device)[:, None] * classes
    hits = (first + targets)[predicted == targets].bincount(minlength=trials * classes)
    said = (first + predicted).flatten().bincount(minlength=trials * classes)
    there = targets.bincount(minlength=classes)
    return hits.view(trials, classes).double(), said.view(trials, classes).double(), there.double()


dev_accuracy = Metric("maximize", 0.0, "share of the dev samples whose class is predicted rightly", CLASSES, accuracy)
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
