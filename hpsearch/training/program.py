"""What all trials of one signature share: the network, its layout, and the stacked step.

The forward pass is `torch.func.vmap` over a functional call of an ordinary `nn.Module`; the gradient is taken
outside it, of the sum of the losses, so that running statistics can change in place and one trial's
gradient never meets another's.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from itertools import accumulate, pairwise

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from hpsearch import registry
from hpsearch.events import Signals
from hpsearch.training.arena import Arena
from hpsearch.training.config import Config
from hpsearch.training.data.arrays import Dataset
from hpsearch.training.layers import Dropout
from hpsearch.training.layout import Layout, buffer_layout, fans, parameter_layout
from hpsearch.training.noise import Purpose, generator
from hpsearch.training.precision import Precision, float32
from hpsearch.training.replay import Bind, Run
from hpsearch.training.tasks import Task
from hpsearch.training.trace import record

EVALUATION_ROWS = 256  # at a time, whatever the stack: their means go into the bits of a loss


class Program:
    """The stacked network of one signature on one dataset, device and floating type (that of the data)."""

    def __init__(self, model: str, config: Config, data: Dataset, precision: Precision = float32) -> None:
        self.data, self.precision = data, precision
        self.device, self.dtype = data.train_x.device, data.train_x.dtype
        self.task: Task = registry.load("task", data.task)
        self.network: nn.Module = registry.load("model", model)(config, data.inputs, data.outputs)
        self.network.to(self.device, self.dtype)
        self.parameters, self.weights = parameter_layout(self.network)
        self.buffers: Layout = buffer_layout(self.network)
        self._dropouts = {n: m for n, m in self.network.named_modules() if isinstance(m, Dropout)}
        self.mask_shapes = [module.shape for module in self._dropouts.values()]
        self.batch = data.batch(config.batch_size)
        self._replays: dict[object, Bind] = {}
        # Of each kind the last one: what it is bound to stays in memory.
        self._bound: dict[object, tuple[object, list[Tensor], Run]] = {}
        self._lots: dict[tuple[int, int], tuple[list[Tensor], list[Tensor]]] = {}
        self._arena = Arena(self.device)

    def initial(self, seed: int, config: Config) -> tuple[Tensor, Tensor, Signals]:
        """A trial's first parameters [parameter] and buffers [buffer], and what pretraining measured.

        A network may have a method ``pretrain(weights, config, seed, x, batch)`` that changes its first weights, by
        name, before training begins, and returns what it measured.
        """
        rng = generator(seed, Purpose.INITIAL_WEIGHTS, 0)
        fill = registry.load("initialization", config.initialization)
        first = {name: tensor.clone() for name, tensor in self.network.state_dict().items()}
        for name, shape in zip(self.parameters.names, self.parameters.shapes, strict=True):
            if len(shape) >= 2:
                values = torch.from_numpy(fill(rng, tuple(shape), fans(shape), config))
                first[name] = values.to(self.device, self.dtype)
        pretrain = getattr(self.network, "pretrain", None)
        signals: Signals = pretrain(first, config, seed, self.data.train_x, self.batch) if pretrain else {}
        return self.parameters.vector(first), self.buffers.vector(first), signals

    def train(self, dropping: bool) -> None:
        """Make ready for an epoch's steps, which get masks if `dropping`."""
        self.network.train()
        for module in self._dropouts.values():
            module.enabled = dropping

    def step(
        self, parameters: list[Tensor], buffers: list[Tensor], masks: list[Tensor], x: Tensor, targets: list[Tensor]
    ) -> list[Tensor]:
        """Losses [trial], hits [trial] and the gradient of each parameter, for x [trial, sample, ...].

        `masks` has one tensor [trial, sample, *shape] for each dropout layer, or is empty where no trial drops.
        `targets` is y [trial, sample]; or y, a second y and the weight of the first, where samples are mixed.
        """
        return self._run(self._gradients, parameters, buffers, masks, [x, *targets])

    def evaluate(self, parameters: list[Tensor], buffers: list[Tensor], x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Mean loss [trial], float64, and outputs [trial, sample, output], of all on the same x [sample, ...]."""
        self.network.eval()
        trials = parameters[0].shape[0]
        loss = torch.zeros(trials, dtype=torch.float64, device=self.device)
        outputs = torch.empty(trials, len(y), self.data.outputs, dtype=self.dtype, device=self.device)
        with torch.no_grad():
            lots = zip(
                *(torch.split(part, EVALUATION_ROWS) for part in (x, y)),
                torch.split(outputs, EVALUATION_ROWS, 1),
                strict=True,
            )
            for rows, targets, place in lots:
                given = self._lot(trials, rows, targets)
                losses, part = self._run(self._scores, parameters, buffers, [], given)
                loss += losses.double() * len(targets)
                place.copy_(part)
        return loss / len(y), outputs

    def look(
        self,
        function: Callable[..., list[Tensor]],
        parameters: list[Tensor],
        buffers: list[Tensor],
        x: Tensor,
        y: Tensor,
    ) -> list[Tensor]:
        """What `function(parameters, buffers, [], [x, y])` gives, with the same x and y [sample, ...] for each trial.

        The function is known by its name: it is called once for a shape, and replayed from then on.
        """
        with torch.no_grad():
            found = self._run(function, parameters, buffers, [], self._lot(len(parameters[0]), x, y))
            return [tensor.clone() for tensor in found]

    def _lot(self, trials: int, x: Tensor, y: Tensor) -> list[Tensor]:
        """x and y for each trial, in memory that is the same for all lots of a size: replays are bound to it."""
        if (key := (trials, len(x))) not in self._lots:
            held = [torch.empty_like(part) for part in (x, y)]
            self._lots[key] = held, [part.expand(trials, *part.shape) for part in held]
        held, given = self._lots[key]
        for memory, part in zip(held, (x, y), strict=True):
            memory.copy_(part)
        return given

    def named(self, parameters: list[Tensor], buffers: list[Tensor]) -> dict[str, Tensor]:
        """Parameters and buffers by their names in the network, as `functional_call` takes them."""
        return dict(zip([*self.parameters.names, *self.buffers.names], [*parameters, *buffers], strict=True))

    def named_weights(self, parameters: Tensor, buffers: Tensor) -> dict[str, Tensor]:
        """One trial's state dict, on the CPU, for `network.load_state_dict`."""
        rows = self.named(self.parameters.views(parameters[None]), self.buffers.views(buffers[None]))
        return {name: row[0].detach().cpu().clone() for name, row in rows.items()}

    def _forward(
        self, parameters: list[Tensor], buffers: list[Tensor], masks: list[Tensor], given: list[Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Mean losses [trial] and outputs [trial, sample, output]."""

        def alone(p: list[Tensor], b: list[Tensor], m: list[Tensor], given: list[Tensor]) -> tuple[Tensor, Tensor]:
            state = self.named(p, b)
            state |= {f"{name}.mask": mask for name, mask in zip(self._dropouts, m, strict=False)}
            x, y, *mixed = given
            outputs = functional_call(self.network, state, (x,))
            losses = self.task.losses(outputs, y)
            if mixed:
                other, share = mixed
                mixture = share * losses + (1 - share) * self.task.losses(outputs, other)
                losses = torch.where(share < 1, mixture, losses)  # 0 · infinity is none of an unmixed trial's
            return losses.mean(), outputs

        if self.precision.products is None:
            stacked: tuple[Tensor, Tensor] = vmap(alone)(parameters, buffers, masks, given)
            return stacked
        with self.precision.casting(self.device):
            losses, outputs = vmap(alone)(parameters, buffers, masks, given)
        return losses.to(self.dtype), outputs.to(self.dtype)

    def _gradients(
        self, parameters: list[Tensor], buffers: list[Tensor], masks: list[Tensor], given: list[Tensor]
    ) -> list[Tensor]:
        leaves = [p.detach().requires_grad_() for p in parameters]
        losses, outputs = self._forward(leaves, buffers, masks, given)
        outputs = outputs.detach()
        if self.task.predicted is None:
            hits = torch.zeros_like(losses, dtype=torch.int64)
        else:
            hits = (self.task.predicted(outputs) == given[1]).sum(1)
        return [losses.detach(), hits, *torch.autograd.grad(losses.sum(), leaves)]

    def _scores(
        self, parameters: list[Tensor], buffers: list[Tensor], masks: list[Tensor], given: list[Tensor]
    ) -> list[Tensor]:
        return list(self._forward(parameters, buffers, masks, given))

    def _run(
        self,
        function: Callable[..., list[Tensor]],
        parameters: list[Tensor],
        buffers: list[Tensor],
        masks: list[Tensor],
        given: list[Tensor],
    ) -> list[Tensor]:
        """Call a function the first time for a shape, and its replay from then on, which gives the same bits."""
        groups = (parameters, buffers, masks, given)
        arguments = [tensor for group in groups for tensor in group]
        key = (function.__name__, bool(masks), len(given), *given[0].shape[:2])
        if key not in self._replays:
            ends = list(accumulate(len(group) for group in groups))

            def flat(*tensors: Tensor) -> list[Tensor]:
                return function(*(list(tensors[first:last]) for first, last in pairwise([0, *ends])))

            result, self._replays[key] = record(flat, arguments)
            return result
        kind = (function.__name__, given[0].shape[1])
        bound_key, bound_to, run = self._bound.get(kind, (None, [], None))
        with torch.no_grad():
            if run is None or bound_key != key or any(map(operator.is_not, bound_to, arguments)):
                run = self._replays[key](arguments, self._arena)
                self._bound[kind] = key, arguments, run
            return run()
