"""The one training loop: an epoch of a stack of K ≥ 1 trials. A lone trial is a stack of one.

A trial's numbers depend on its configuration and its seed, never on its neighbours: every operation works on
rows, every random number comes from the trial's own counter, and no kernel's rounding depends on K.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from hpsearch import registry
from hpsearch.training.noise import DropoutMasks, InputNoise, order
from hpsearch.training.penalties import Penalty
from hpsearch.training.stack import Family, Stack
from hpsearch.training.state import TrialState


def train_epoch(stack: Stack) -> list[dict[str, float]]:
    """Train every trial of the stack for one epoch, then score it on the dev part.

    Returns each state's metrics in the order of `stack.states`: train_loss and train_accuracy (means over the
    epoch's mini-batches, as they were when trained on), dev_loss, dev_accuracy, learning_rate.
    A last mini-batch that would be smaller than the others is left out; the next epoch's order differs.
    """
    program, states = stack.program, stack.states
    data, batch = program.data, program.batch
    rates = [learning_rate(s) for s in states]
    orders = torch.stack([order(*stream, len(data.train_y)) for stream in zip(*stack.streams, strict=True)]).to(
        program.device
    )
    labels = data.train_y[orders]
    steps = len(data.train_y) // batch
    settings = [_settings(stack, family, rates, steps) for family in stack.families]
    penalty = Penalty.of(stack)
    masks, noise = _masks(stack), _noise(stack)
    parameters = program.parameters.views(stack.parameters)
    gradient = program.parameters.views(stack.gradient)
    buffers = program.buffers.views(stack.buffers)
    loss = torch.zeros(len(states), dtype=torch.float64, device=program.device)
    hits = torch.zeros(len(states), dtype=torch.int64, device=program.device)
    program.train(dropping=masks is not None)
    for step in range(steps):
        here = slice(step * batch, (step + 1) * batch)
        chosen = orders[:, here]
        x = data.train_x.index_select(0, chosen.flatten()).view(*chosen.shape, *data.inputs)
        if noise is not None:
            x += noise.draw().view_as(x).to(program.device)
        drawn = [] if masks is None else _split(stack, masks.draw())
        losses, right, *gradients = program.step(parameters, buffers, drawn, x, labels[:, here])
        loss += losses
        hits += right
        torch._foreach_copy_(gradient, gradients)
        penalty.add_gradient(stack)
        for family, of_step in zip(stack.families, settings, strict=True):
            family.update(stack, of_step[step])
    dev_loss, dev_accuracy = program.evaluate(parameters, buffers, data.dev_x, data.dev_y)
    for state in states:
        state.epoch += 1
    table = zip(
        (loss / steps).tolist(),
        (hits.double() / (steps * batch)).tolist(),
        dev_loss.tolist(),
        dev_accuracy.tolist(),
        rates,
        strict=True,
    )
    names = ("train_loss", "train_accuracy", "dev_loss", "dev_accuracy", "learning_rate")
    return [dict(zip(names, row, strict=True)) for row in table]


def finite(metrics: dict[str, float]) -> bool:
    """Whether the trial's losses are still numbers; otherwise it has diverged."""
    return math.isfinite(metrics["train_loss"]) and math.isfinite(metrics["dev_loss"])


def learning_rate(state: TrialState) -> float:
    """The learning rate of the state's next epoch."""
    factor: float = registry.load("lr_decay", state.config.lr_decay)(state.config, state.epoch + 1)
    return state.config.learning_rate * factor


def _settings(stack: Stack, family: Family, rates: Sequence[float], steps: int) -> list[dict[str, Tensor]]:
    """The family's scalars for every step of the epoch, as columns [row, 1].

    Python's own floats, one by one: vectorised powers round differently at different places.
    """
    members = [(stack.states[row], rates[row]) for row in range(family.rows.start, family.rows.stop)]
    table = [
        [family.optimizer.columns(s.config, rate, s.epoch * steps + t + 1) for s, rate in members] for t in range(steps)
    ]
    names = list(table[0][0])
    cells = [[[[cell[name]] for cell in row] for name in names] for row in table]
    columns = torch.tensor(cells, dtype=stack.parameters.dtype, device=stack.parameters.device)
    return [dict(zip(names, of_step.unbind(), strict=True)) for of_step in columns.unbind()]


def _masks(stack: Stack) -> DropoutMasks | None:
    rates = [s.config.dropout for s in stack.states]
    size = stack.program.batch * sum(math.prod(shape) for shape in stack.program.mask_shapes)
    if not any(rates) or not size:
        return None
    return DropoutMasks(*stack.streams, rates, size, stack.parameters.dtype)


def _split(stack: Stack, drawn: Tensor) -> list[Tensor]:
    """One step's masks [trial, element] as [trial, sample, *shape], one for each dropout layer."""
    program = stack.program
    sizes = [program.batch * math.prod(shape) for shape in program.mask_shapes]
    return [
        part.view(len(stack.states), program.batch, *shape)
        for part, shape in zip(torch.split(drawn.to(program.device), sizes, dim=1), program.mask_shapes, strict=True)
    ]


def _noise(stack: Stack) -> InputNoise | None:
    sigmas = [s.config.input_noise for s in stack.states]
    if not any(sigmas):
        return None
    size = stack.program.batch * math.prod(stack.program.data.inputs)
    return InputNoise(*stack.streams, sigmas, size, stack.parameters.dtype)
