"""Breast cancer Wisconsin (diagnostic): 569 tumours, 30 measurements, malignant or benign; ships with scikit-learn."""

from __future__ import annotations

from hpsearch.training.data.arrays import Arrays, Source
from hpsearch.training.data.reader import reader


@reader(bundled=True)
def load(source: Source) -> Arrays:
    """All samples in the source's order; class 1 is benign."""
    from sklearn.datasets import load_breast_cancer

    found = load_breast_cancer()
    names, labels = map(str, found.feature_names), map(str, found.target_names)
    return Arrays(found.data, found.target.astype("int64"), 2, "binary", names=tuple(names), labels=tuple(labels))
