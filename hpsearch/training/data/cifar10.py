"""CIFAR-10 (Krizhevsky, 2009): 60,000 photographs of 32 × 32 in colour, ten classes, 10,000 its own test part."""

from __future__ import annotations

from hpsearch.training.data.arrays import Arrays, Source
from hpsearch.training.data.reader import reader


@reader(takes=("path",), parts=("test",))
def load(source: Source) -> Arrays:
    """Values from 0 to 255, uint8 [sample, 3, 32, 32]: the training batches' samples, then the test batch's."""
    from hpsearch.training.data.cifar_binary import load

    return load(source)
