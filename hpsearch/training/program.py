"""What all trials of one signature share: the network, its layout, and the stacked step.

The forward pass is `torch.func.vmap` over a functional call of an ordinary `nn.Module`; the gradient is taken
outside it, of the sum of the losses, so that running statistics can change in place and one trial's
gradient never meets another's.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap
from torch.nn import functional

from hpsearch import registry
from hpsearch.training.config import Config
from hpsearch.training.data.arrays import Dataset
from hpsearch.training.layers import Dropout
from hpsearch.training.layout import Layout, buffer_layout, fans, parameter_layout
from hpsearch.training.noise import Purpose, generator
from hpsearch.training.trace import Flat, record

EVALUATION_ROWS = 2048


class Program:
    """The stacked network of one signature on one dataset, device and floating type."""

    def __init__(self, model: str, config: Config, data: Dataset) -> None:
        self.data = data
        self.device, self.dtype = data.train_x.device, data.train_x.dtype
        self.network: nn.Module = registry.load("model", model)(config, data.inputs, data.classes)
        self.network.to(self.device, self.dtype)
        self.parameters, self.weights = parameter_layout(self.network)
        self.buffers: Layout = buffer_layout(self.network)
        self._dropouts = {n: m for n, m in self.network.named_modules() if isinstance(m, Dropout)}
        self.mask_shapes = [module.shape for module in self._dropouts.values()]
        self.batch = min(config.batch_size, len(data.train_y))
        self._replays: dict[object, Flat] = {}

    def initial(self, seed: int, initialization: str) -> tuple[Tensor, Tensor]:
        """A trial's first parameters [parameter] and buffers [buffer]."""
        rng = generator(seed, Purpose.INITIAL_WEIGHTS, 0)
        fill = registry.load("initialization", initialization)
        state = self.network.state_dict()
        parts = []
        for name, shape in zip(self.parameters.names, self.parameters.shapes, strict=True):
            if len(shape) >= 2:
                values = torch.from_numpy(fill(rng, tuple(shape), *fans(shape)))
                parts.append(values.to(self.device, self.dtype).flatten())
            else:
                parts.append(state[name].flatten())
        buffers = [state[name].flatten() for name in self.buffers.names]
        return torch.cat(parts), torch.cat(buffers) if buffers else torch.empty(0, device=self.device)

    def train(self, dropping: bool) -> None:
        """Make ready for an epoch's steps, which get masks if `dropping`."""
        self.network.train()
        for module in self._dropouts.values():
            module.enabled = dropping

    def step(
        self, parameters: list[Tensor], buffers: list[Tensor], masks: list[Tensor], x: Tensor, y: Tensor
    ) -> list[Tensor]:
        """Losses [trial], hits [trial] and the gradient of each parameter, for x [trial, sample, ...].

        `masks` has one tensor [trial, sample, *shape] for each dropout layer, or is empty where no trial drops.
        """
        return self._run(self._gradients, parameters, buffers, masks, x, y)

    def evaluate(self, parameters: list[Tensor], buffers: list[Tensor], x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Mean loss and accuracy [trial], float64, of every trial on the same x [sample, ...]."""
        self.network.eval()
        trials = parameters[0].shape[0]
        loss = torch.zeros(trials, dtype=torch.float64, device=self.device)
        hits = torch.zeros(trials, dtype=torch.int64, device=self.device)
        with torch.no_grad():
            for rows, labels in zip(torch.split(x, EVALUATION_ROWS), torch.split(y, EVALUATION_ROWS), strict=True):
                part = self._run(
                    self._scores,
                    parameters,
                    buffers,
                    [],
                    rows.expand(trials, *rows.shape),
                    labels.expand(trials, -1),
                )
                loss += part[0].double() * len(labels)
                hits += part[1]
        return loss / len(y), hits.double() / len(y)

    def named_weights(self, parameters: Tensor, buffers: Tensor) -> dict[str, Tensor]:
        """One trial's state dict, on the CPU, for `network.load_state_dict`."""
        rows = [*self.parameters.views(parameters[None]), *self.buffers.views(buffers[None])]
        names = [*self.parameters.names, *self.buffers.names]
        return {name: row[0].detach().cpu().clone() for name, row in zip(names, rows, strict=True)}

    def _forward(
        self, parameters: list[Tensor], buffers: list[Tensor], masks: list[Tensor], x: Tensor, y: Tensor
    ) -> tuple[Tensor, Tensor]:
        def alone(p: list[Tensor], b: list[Tensor], m: list[Tensor], x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
            state = dict(zip(self.parameters.names, p, strict=True))
            state |= dict(zip(self.buffers.names, b, strict=True))
            state |= {f"{name}.mask": mask for name, mask in zip(self._dropouts, m, strict=False)}
            logits = functional_call(self.network, state, (x,))
            return cross_entropy(logits, y), (logits.argmax(1) == y).sum()

        stacked: tuple[Tensor, Tensor] = vmap(alone)(parameters, buffers, masks, x, y)
        return stacked

    def _gradients(
        self, parameters: list[Tensor], buffers: list[Tensor], masks: list[Tensor], x: Tensor, y: Tensor
    ) -> list[Tensor]:
        leaves = [p.detach().requires_grad_() for p in parameters]
        losses, hits = self._forward(leaves, buffers, masks, x, y)
        return [losses.detach(), hits, *torch.autograd.grad(losses.sum(), leaves)]

    def _scores(
        self, parameters: list[Tensor], buffers: list[Tensor], masks: list[Tensor], x: Tensor, y: Tensor
    ) -> list[Tensor]:
        return list(self._forward(parameters, buffers, masks, x, y))

    def _run(
        self,
        function: Callable[..., list[Tensor]],
        parameters: list[Tensor],
        buffers: list[Tensor],
        masks: list[Tensor],
        x: Tensor,
        y: Tensor,
    ) -> list[Tensor]:
        """Call a function the first time for a shape, and its replay from then on, which gives the same bits."""
        key = (function.__name__, bool(masks), *x.shape[:2])
        arguments = (*parameters, *buffers, *masks, x, y)
        if key in self._replays:
            with torch.no_grad():
                return self._replays[key](*arguments)
        ends = (len(parameters), len(parameters) + len(buffers))

        def flat(*tensors: Tensor) -> list[Tensor]:
            first, second, third = tensors[: ends[0]], tensors[ends[0] : ends[1]], tensors[ends[1] : -2]
            return function(list(first), list(second), list(third), *tensors[-2:])

        result, self._replays[key] = record(flat, arguments)
        return result


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean categorical cross entropy in nats, of logits [sample, class] and labels [sample]."""
    return -functional.log_softmax(logits, 1).gather(1, labels[:, None]).mean()
