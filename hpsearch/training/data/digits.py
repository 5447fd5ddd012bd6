"""Optical recognition of handwritten digits: 1,797 images of 8 × 8, ten classes; ships with scikit-learn."""

from __future__ import annotations

from hpsearch.training.data.arrays import Arrays, Source
from hpsearch.training.data.reader import reader


@reader(bundled=True)
def load(source: Source) -> Arrays:
    """All samples in the source's order; pixels from 0 to 16."""
    from sklearn.datasets import load_digits

    features, labels = load_digits(return_X_y=True)
    return Arrays(features.reshape(-1, 1, 8, 8), labels.astype("int64"), classes=10, labels=tuple("0123456789"))
