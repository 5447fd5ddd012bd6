"""What goes on inside the networks of a stack, measured now and then; measuring changes nothing of the training.

A probed epoch leaves in each trial's `signals`, by name, a list with one value a layer, the first layer first:

- ``gradient_norm``: root mean square of the loss gradient of each weight tensor, in the epoch's first mini-batch,
  before penalties and clipping; ``weight_norm``: that of the weights at the same moment;
- ``dead``: after each nonlinearity, the share of units whose slope is 0 for every one of SAMPLES training samples (at
  most FLAT where the nonlinearity is flat at both ends); ``saturated``: the share of all outputs with such a slope,
  only of those that are flat at both ends. Both before the first step of the epoch;
- ``train_part_loss`` and, of classes, ``train_part_accuracy`` (one value each), after the last step: of training
  samples as dev samples are scored, without dropout and augmentation, so that the two can be compared;
- before the first epoch also what they are compared with (one value each): ``trivial_loss`` and, of classes,
  ``trivial_accuracy``, on the dev part, of an answer that is the same for every input; and ``dev_samples``.
"""

from __future__ import annotations

from collections.abc import Collection

import torch
from torch import Tensor
from torch.func import functional_call, vmap

from hpsearch.training.data.arrays import Dataset
from hpsearch.training.layers import Activation
from hpsearch.training.metrics import accuracy
from hpsearch.training.noise import order
from hpsearch.training.program import Program
from hpsearch.training.stack import Stack

POWERS = frozenset(4**n for n in range(16))
FLAT = 0.05  # of the nonlinearity's largest slope
SAMPLES = 128
SCORED = (256, 2048)  # at least and at most so many training samples are scored, otherwise as many as in the dev part

Columns = dict[str, list[Tensor]]  # by name, a tensor [trial] for each layer


def due(epoch: int, epochs: int) -> bool:
    """Whether an epoch from 1 is measured: 1, 2, 5, 17, 65, … and the last one."""
    return epoch in (1, epochs) or epoch - 1 in POWERS


class Probe:
    """Measures those trials of a stack that are due in one epoch."""

    def __init__(self, stack: Stack) -> None:
        """Call it before the epoch; `begin`, `gradient` and `end` then follow in this order."""
        self._stack = stack
        self._due = [due(state.epoch + 1, state.config.epochs) for state in stack.states]
        self._columns: Columns = {}

    def begin(self, parameters: list[Tensor], buffers: list[Tensor]) -> None:
        """Before the first step."""
        if any(self._due):
            self._columns |= activity(self._stack.program, parameters, buffers)
            self._columns["weight_norm"] = [_rms(p) for p in parameters if p.dim() > 2]

    def gradient(self, gradient: list[Tensor]) -> None:
        """With the gradient of the first step."""
        if any(self._due):
            self._columns["gradient_norm"] = [_rms(g) for g in gradient if g.dim() > 2]

    def end(self, parameters: list[Tensor], buffers: list[Tensor], gone: Collection[int] = ()) -> None:
        """After the last step, when the trials' states have counted the epoch: sets their `signals`.

        Of the rows that are `gone`, which may have taken more steps than they would alone, nothing is measured now.
        """
        late: Columns = {}
        if any(self._due) and len(gone) < len(self._due):
            late = _scores(self._stack.program, parameters, buffers)
            self._columns |= late
        told = {name: torch.stack(layers, 1).tolist() for name, layers in self._columns.items() if layers}
        first = any(state.epoch == 1 for state in self._stack.states)
        facts = trivial(self._stack.program.data) if first else {}
        for row, (state, is_due) in enumerate(zip(self._stack.states, self._due, strict=True)):
            before = {**state.signals, **facts} if state.epoch == 1 else {}
            names = [name for name in told if row not in gone or name not in late]
            measured = {name: [_short(value) for value in told[name][row]] for name in names}
            state.signals = {**before, **measured} if is_due else {}


def activity(program: Program, parameters: list[Tensor], buffers: list[Tensor]) -> Columns:
    """`dead` and `saturated` of each nonlinearity, in the order in which they are called."""

    def flatness(p: list[Tensor], b: list[Tensor], masks: list[Tensor], given: list[Tensor]) -> list[Tensor]:
        return _flatness(program, p, b, given[0])

    data, places = program.data, _places(program.data.train_y, SAMPLES)
    # Batch norm goes by these samples, and changes copies of its running statistics.
    program.train(dropping=False)
    copies = [buffer.clone() for buffer in buffers]
    dead, saturated = program.look(flatness, parameters, copies, data.train_x[places], data.train_y[places])
    return {"dead": list(dead.unbind(1)), "saturated": list(saturated.unbind(1))}


def _flatness(program: Program, parameters: list[Tensor], buffers: list[Tensor], x: Tensor) -> list[Tensor]:
    """Both shares as [trial, nonlinearity]; `saturated` of those that are flat at both ends."""
    dead: list[Tensor] = []
    saturated: list[Tensor] = []

    def note(module: Activation, given: object, y: Tensor) -> None:
        # A relu is flat where it is off; one that leaks never is.
        flat = module.slope(y) <= (FLAT if module.saturates else 0.0)
        dead.append(flat.transpose(0, 1).flatten(1).all(1).double().mean())
        if module.saturates:
            saturated.append(flat.double().mean())

    def alone(p: list[Tensor], b: list[Tensor], x: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        dead.clear()
        saturated.clear()
        functional_call(program.network, program.named(p, b), (x,))
        return dead, saturated

    nonlinearities = [module for module in program.network.modules() if isinstance(module, Activation)]
    hooks = [module.register_forward_hook(note) for module in nonlinearities]
    try:
        layers = vmap(alone)(parameters, buffers, x)
    finally:
        for hook in hooks:
            hook.remove()
    none = parameters[0].new_zeros(len(parameters[0]), 0)
    return [torch.stack(kind, 1) if kind else none for kind in layers]


def trivial(data: Dataset) -> dict[str, list[float]]:
    """How an answer scores on the dev part that is the same for every input: the training part's shares or mean."""
    samples = {"dev_samples": [float(len(data.dev_y))]}
    if data.task == "regression":
        errors = data.dev_y.double() - data.train_y.double().mean()
        return {"trivial_loss": [_short(float(0.5 * errors.square().mean()))], **samples}
    counts = data.train_y.bincount(minlength=data.classes).double()
    likely = (counts.clamp(min=1) / counts.clamp(min=1).sum()).log()
    return {
        "trivial_loss": [_short(-float(likely[data.dev_y].mean()))],
        "trivial_accuracy": [_short(float((data.dev_y == counts.argmax()).double().mean()))],
        **samples,
    }


def _scores(program: Program, parameters: list[Tensor], buffers: list[Tensor]) -> Columns:
    data = program.data
    count = min(max(len(data.dev_y), SCORED[0]), SCORED[1])
    places = _places(data.train_y, count)
    x, y = data.train_x[places], data.train_y[places]
    loss, outputs = program.evaluate(parameters, buffers, x, y)
    if data.task == "regression":
        return {"train_part_loss": [loss]}
    return {"train_part_loss": [loss], "train_part_accuracy": [accuracy(outputs, y, data)]}


def _places(part: Tensor, count: int) -> Tensor | slice:
    """Of `count` samples of a part, the same ones for every trial; from all over it, for it may be sorted."""
    return slice(None) if count >= len(part) else order(0, 0, len(part))[:count].to(part.device)


def _rms(rows: Tensor) -> Tensor:
    """Root mean square of each trial's tensor: [trial], float64."""
    return rows.double().square().flatten(1).mean(1).sqrt()


def _short(value: float) -> float:
    """Five digits: enough to judge by, and short to store."""
    return float(f"{value:.5g}")
