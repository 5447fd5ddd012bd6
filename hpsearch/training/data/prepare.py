"""From a study's `data:` section to normalised tensors."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from hpsearch import registry
from hpsearch.training.data.arrays import Arrays, Dataset
from hpsearch.training.data.splits import stratified


def prepare(name: str, split: Mapping[str, float], normalize: str, seed: int) -> Dataset:
    """Load, split (stratified) and normalise a registered source; float64 tensors on the CPU."""
    arrays: Arrays = registry.load("data", name)()
    parts = stratified(arrays.labels, split, seed)
    transform = registry.load("normalize", normalize)(arrays.features[parts["train"]])
    tensors = []
    for part in ("train", "dev", "test"):
        tensors.append(torch.from_numpy(transform(arrays.features[parts[part]])))
        tensors.append(torch.from_numpy(arrays.labels[parts[part]]))
    return Dataset(arrays.classes, *tensors)
