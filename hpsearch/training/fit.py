"""The one training loop: an epoch of a stack of K ≥ 1 trials. A lone trial is a stack of one.

A trial's numbers depend on its configuration and its seed, never on its neighbours: every operation works on
rows, every random number comes from the trial's own counter, and no kernel's rounding depends on K.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain

import numpy as np
import torch
from torch import Tensor

from hpsearch import registry
from hpsearch.training.batches import Batches
from hpsearch.training.clipping import Clipping
from hpsearch.training.data.arrays import Dataset
from hpsearch.training.divergence import Divergence
from hpsearch.training.metrics import Metric
from hpsearch.training.penalties import Penalty
from hpsearch.training.probe import Probe
from hpsearch.training.program import Program
from hpsearch.training.schedules import learning_rate
from hpsearch.training.stack import Family, Stack

LARGE = 65536  # elements of a matrix that is worth a call of its own


class BrokenOff(Exception):  # noqa: N818  # nothing is wrong: somebody wants to stop
    """An epoch was not trained to its end: the networks are half updated."""


def train_epoch(stack: Stack, broken_off: Callable[[], bool] = lambda: False) -> list[dict[str, float]]:
    """Train every trial of the stack for one epoch, then score it on the dev part.

    Returns each state's metrics in the order of `stack.states`: train_loss and train_accuracy (means over the
    epoch's mini-batches, as they were when trained on; train_rmse for numbers), all metrics of the task on the
    dev part, and learning_rate. What a `Probe` measures inside the networks goes into their states.
    A last mini-batch that would be smaller than the others is left out; the next epoch's order differs.
    Of a trial that has diverged (`divergence.py`) only the means up to there are told, and no score on the dev part;
    where all have, the epoch ends there.
    Raises BrokenOff once `broken_off`, which is asked before each step, says so.
    """
    program, states = stack.program, stack.states
    rates = [learning_rate(s.config, s.epoch + 1) for s in states]
    batches, probe, diverged = Batches(stack), Probe(stack), Divergence()
    steps = batches.steps
    settings = [_settings(stack, family, rates, steps) for family in stack.families]
    penalty, clipping = Penalty.of(stack), Clipping.of(stack)
    parameters, buffers, gradient = stack.views
    take = _one_by_one if any(place[0].numel() >= LARGE for place in gradient) else torch._foreach_copy_
    loss = torch.zeros(len(states), dtype=torch.float64, device=program.device)
    hits = torch.zeros(len(states), dtype=torch.int64, device=program.device)
    probe.begin(parameters, buffers)
    program.train(dropping=bool(batches.masks))
    for step in range(steps):
        if broken_off():
            raise BrokenOff
        batches.fill(step)
        losses, right, *gradients = program.step(parameters, buffers, batches.masks, batches.x, batches.targets)
        loss += losses
        hits += right
        take(gradient, gradients)
        if step == 0:
            probe.gradient(gradient)
        penalty.add_gradient(stack)
        if clipping is not None:
            clipping.shorten(stack)
        for family, (names, columns) in zip(stack.families, settings, strict=True):
            family.update(stack, dict(zip(names, columns[step].unbind(), strict=True)))
        if all_gone := diverged.all_gone(step + 1, steps, loss, hits):
            break
    for state in states:
        state.epoch += 1
    probe.end(parameters, buffers, diverged.rows)
    mean_loss, mean_hits = diverged.means(steps, loss, hits)
    dev = no_scores(program.data, mean_loss) if all_gone else dev_scores(program, parameters, buffers)
    scores = {
        **_training_scores(program.data, mean_loss, mean_hits / program.batch),
        **diverged.without(dev),
    }
    table = zip(*(score.tolist() for score in scores.values()), rates, strict=True)
    return [dict(zip([*scores, "learning_rate"], row, strict=True)) for row in table]


def dev_scores(program: Program, parameters: list[Tensor], buffers: list[Tensor]) -> dict[str, Tensor]:
    """All metrics of the task on the dev part: for each [trial], float64."""
    data = program.data
    loss, outputs = program.evaluate(parameters, buffers, data.dev_x, data.dev_y)
    scores = {"dev_loss": loss}
    for name, score in _metrics(data).items():
        # Of a network that gives no numbers, a score would be one by accident.
        scores[name] = torch.where(loss.isfinite(), score(outputs, data.dev_y, data), torch.nan)
    return scores


def no_scores(data: Dataset, like: Tensor) -> dict[str, Tensor]:
    """The names of all metrics on the dev part, where there is nothing to score: NaN for each [trial]."""
    return {name: torch.full_like(like, torch.nan) for name in ("dev_loss", *_metrics(data))}


def _metrics(data: Dataset) -> dict[str, Callable[[Tensor, Tensor, Dataset], Tensor]]:
    metrics: dict[str, Metric] = {name: registry.load("metric", name) for name in registry.names("metric")}
    return {n: metric.score for n, metric in metrics.items() if metric.score is not None and data.task in metric.tasks}


def _one_by_one(places: Sequence[Tensor], gradients: Sequence[Tensor]) -> None:
    """Copy each gradient [trial, *shape] to its place, trial by trial: only so PyTorch transposes in blocks."""
    pairs = [pair for both in zip(places, gradients, strict=True) for pair in zip(*both, strict=True)]
    torch._foreach_copy_([place for place, _ in pairs], [found for _, found in pairs])


def _training_scores(data: Dataset, loss: Tensor, accuracy: Tensor) -> dict[str, Tensor]:
    if data.task == "regression":
        return {"train_loss": loss, "train_rmse": (2 * loss).sqrt() * data.target_scale}
    return {"train_loss": loss, "train_accuracy": accuracy}


def _settings(stack: Stack, family: Family, rates: Sequence[float], steps: int) -> tuple[list[str], Tensor]:
    """Names of the family's scalars, and their columns for every step of the epoch: [step, name, row, 1].

    Python's own floats, one by one: vectorised powers round differently at different places.
    """
    members = [(stack.states[row], rates[row]) for row in range(family.rows.start, family.rows.stop)]
    scalars = family.optimizer.columns
    names = list(scalars(members[0][0].config, rates[0], 1))
    each = (scalars(s.config, rate, s.epoch * steps + t + 1).values() for t in range(steps) for s, rate in members)
    cells = np.fromiter(chain.from_iterable(each), dtype=np.float64, count=steps * len(members) * len(names))
    columns = torch.from_numpy(cells).view(steps, len(members), len(names)).transpose(1, 2)
    return names, columns.to(stack.parameters.device, stack.parameters.dtype).contiguous()[..., None]
