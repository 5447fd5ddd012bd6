"""Optical recognition of handwritten digits: 1,797 images of 8 × 8, ten classes; ships with scikit-learn."""

from __future__ import annotations

import numpy as np

from hpsearch.training.data.arrays import Arrays


def load() -> Arrays:
    """All samples in the source's order; pixels from 0 to 16."""
    from sklearn.datasets import load_digits

    features, labels = load_digits(return_X_y=True)
    return Arrays(features.astype(np.float64), labels.astype(np.int64), classes=10)
