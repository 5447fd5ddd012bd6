"""Parts for training, development and test."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from hpsearch.errors import InputError

Indices = NDArray[np.int64]


def stratified(labels: Indices, fractions: Mapping[str, float], seed: int) -> dict[str, Indices]:
    """Disjoint index arrays "train", "dev" and "test" whose union is everything, classes in equal shares.

    A function of the labels, the fractions and the seed. Raises InputError where a part would get too little.
    """
    from sklearn.model_selection import train_test_split

    everything = np.arange(len(labels))
    try:
        train, rest = train_test_split(everything, train_size=fractions["train"], stratify=labels, random_state=seed)
        dev, test = train_test_split(
            rest,
            train_size=fractions["dev"] / (fractions["dev"] + fractions["test"]),
            stratify=labels[rest],
            random_state=seed,
        )
    except ValueError as error:
        raise InputError(f"data.split: {len(labels)} samples can't be split so: {error}") from error
    return {"train": np.sort(train), "dev": np.sort(dev), "test": np.sort(test)}
