"""Wine recognition: 178 wines, 13 measurements, from three growers; ships with scikit-learn."""

from __future__ import annotations

from hpsearch.training.data.arrays import Arrays, Source
from hpsearch.training.data.reader import reader


@reader(bundled=True)
def load(source: Source) -> Arrays:
    """All samples in the source's order."""
    from sklearn.datasets import load_wine

    found = load_wine()
    names, labels = map(str, found.feature_names), map(str, found.target_names)
    return Arrays(found.data, found.target.astype("int64"), classes=3, names=tuple(names), labels=tuple(labels))
