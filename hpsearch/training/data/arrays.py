"""What a data source gives, and what a trial trains on. No PyTorch at import time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from hpsearch import registry

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray
    from torch import Tensor

Split = Mapping[str, float | str] | str


@dataclass(frozen=True, slots=True)
class Source:
    """Where data comes from and how it is prepared: the study file's `data:` section.

    `split` is "auto", or a fraction or "given" for each of train, dev and test. Paths are files, or for image
    sets a folder. `target`, `numeric`, `categorical` and `group` name columns of a table.
    """

    name: str
    split: Split = "auto"
    normalize: str = "standard"
    seed: int = 0
    task: str = "auto"
    path: str | None = None
    dev_path: str | None = None
    test_path: str | None = None
    target: str | None = None
    numeric: tuple[str, ...] | None = None
    categorical: tuple[str, ...] | None = None
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Arrays:
    """A source's samples: `features` [sample, ...] floating or whole numbers, and their targets [sample].

    Targets are classes from 0 to `classes` - 1 (int64), or numbers (float64, `classes` 0). Images are
    [sample, channel, row, column]. `given` holds the samples of the parts that the source has of its own,
    `groups` [sample] whole numbers that say which samples belong together.

    A table has `categories` [sample, column]: text, or None where it is missing; in its features NaN is a
    missing number. `names` are those of the features, then of the categorical columns; `labels` of the classes.
    """

    features: NDArray[Any]
    targets: NDArray[Any]
    classes: int
    task: str = "multiclass"
    given: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)
    groups: NDArray[np.int64] | None = None
    categories: NDArray[np.object_] | None = None
    names: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Dataset:
    """Normalised parts: x [sample, feature, ...] floating, y [sample] int64 classes or floating numbers.

    Numbers to predict are stored as (target - `target_mean`) / `target_scale`, measured on the training part.
    The test part is touched once, by the step that names the winner; training and choosing never read it.
    `names` are those of the features and `labels` those of the classes, where the source knows them; `groups`
    is how many groups each part has, where samples belong together.
    """

    classes: int
    train_x: Tensor
    train_y: Tensor
    dev_x: Tensor
    dev_y: Tensor
    test_x: Tensor
    test_y: Tensor
    task: str = "multiclass"
    target_mean: float = 0.0
    target_scale: float = 1.0
    names: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    groups: Mapping[str, int] = field(default_factory=dict)

    @property
    def inputs(self) -> tuple[int, ...]:
        """The shape of one sample."""
        return tuple(self.train_x.shape[1:])

    @property
    def outputs(self) -> int:
        """How many numbers a network gives for a sample."""
        outputs: int = registry.load("task", self.task).outputs(self.classes)
        return outputs

    @property
    def fingerprint(self) -> str:
        """A few sums of all that a study reads, to six digits: other data have others, other rounding has not."""
        import torch

        said = []
        for part in (self.train_x, self.train_y, self.dev_x, self.dev_y):
            # A little at a time: in double precision a whole part may not have room.
            size = torch.cat([rows.double().abs().flatten(1).sum(1) for rows in torch.split(part[:, None], 1024)])
            place = torch.arange(1, 1 + len(size), device=size.device)
            said.append(f"{len(part)} {float(size.sum()):.6g} {float((size * place).sum()):.6g}")
        return "; ".join([self.task, *said])

    def batch(self, size: int | str) -> int:
        """The samples in one training step: all of them for "full", or where there are no more."""
        samples = len(self.train_y)
        return samples if isinstance(size, str) else min(size, samples)

    def predicted(self, outputs: Tensor) -> Tensor:
        """The class that outputs [..., output] say: [...], int64. Not for numbers."""
        classes: Tensor = registry.load("task", self.task).predicted(outputs)
        return classes

    def to(self, device: str, dtype: torch.dtype) -> Dataset:
        """The same data on a device, floating tensors in a floating type."""
        names = ("train_x", "train_y", "dev_x", "dev_y", "test_x", "test_y")
        parts: dict[str, Any] = {
            name: (t := getattr(self, name)).to(device, dtype if t.is_floating_point() else t.dtype) for name in names
        }
        return replace(self, **parts)
