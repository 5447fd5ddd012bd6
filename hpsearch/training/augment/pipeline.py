"""All that changes a stack's training samples on their way into the network, fresh in every epoch."""

from __future__ import annotations

from torch import Tensor

from hpsearch import registry
from hpsearch.errors import InputError
from hpsearch.training.augment.augmentation import Augmentation, Batch
from hpsearch.training.config import declared
from hpsearch.training.stack import Stack


class Pipeline:
    """The augmentations of a stack's configurations for one epoch, in the order of the registry.

    Raises InputError for one that works on images only where samples are not [channel, row, column].
    """

    def __init__(self, stack: Stack) -> None:
        self._augmentations: list[Augmentation] = []
        inputs = stack.program.data.inputs
        for name in registry.names("augmentation"):
            strengths = [getattr(state.config, name) for state in stack.states]
            if not any(strengths):
                continue
            if declared(name).images and len(inputs) != 3:
                raise InputError(f"{name} works on images [channel, row, column], but samples here are {list(inputs)}")
            self._augmentations.append(registry.load("augmentation", name)(stack, strengths))

    def apply(self, x: Tensor, y: Tensor, chosen: Tensor) -> tuple[Tensor, list[Tensor]]:
        """One step's samples x [trial, sample, ...] and targets y [trial, sample], changed; x may be overwritten.

        `chosen` [trial, sample] are the samples' indices in the training part. Returns x, and targets as
        `Program.step` takes them.
        """
        batch = Batch(x, [y], chosen)
        for augmentation in self._augmentations:
            augmentation.apply(batch)
        return batch.x, batch.targets
