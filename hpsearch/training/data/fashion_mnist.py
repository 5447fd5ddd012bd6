"""Fashion-MNIST (Xiao, Rasul and Vollgraf, 2017): 70,000 pieces of clothing, of the form of MNIST."""

from __future__ import annotations

from hpsearch.training.data.arrays import Arrays, Source
from hpsearch.training.data.reader import reader


@reader(takes=("path",), parts=("test",))
def load(source: Source) -> Arrays:
    """Pixels from 0 to 255, uint8 [sample, 1, 28, 28]: the training files' samples, then the test files'."""
    from hpsearch.training.data.idx import FASHION, load

    return load(source, FASHION)
