"""Diabetes: 442 patients, 10 measurements, and how far the disease came within a year; ships with scikit-learn."""

from __future__ import annotations

from hpsearch.training.data.arrays import Arrays, Source
from hpsearch.training.data.reader import reader


@reader(bundled=True)
def load(source: Source) -> Arrays:
    """All samples in the source's order, in the units in which they were measured."""
    from sklearn.datasets import load_diabetes

    found = load_diabetes(scaled=False)
    return Arrays(found.data, found.target, 0, "regression", names=tuple(map(str, found.feature_names)))
