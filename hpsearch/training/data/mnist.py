"""MNIST (LeCun, Cortes and Burges): 70,000 handwritten digits of 28 × 28, 10,000 of them its own test part."""

from __future__ import annotations

from hpsearch.training.data.arrays import Arrays, Source
from hpsearch.training.data.reader import reader


@reader(takes=("path",), parts=("test",))
def load(source: Source) -> Arrays:
    """Pixels from 0 to 255, uint8 [sample, 1, 28, 28]: the training files' samples, then the test files'."""
    from hpsearch.training.data.idx import DIGITS, load

    return load(source, DIGITS)
