"""Data sets that scikit-learn brings along, kept as they are after preparation."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, fields
from typing import Any

import numpy as np
import torch
from torch import Tensor

from hpsearch.training.data.arrays import Dataset, Source
from hpsearch.training.data.kept import Arrays, kept

_PLAIN = "described"  # what is no tensor, as JSON


def ready(source: Source, prepare: Callable[[Source], Dataset]) -> Dataset:
    """What `prepare(source)` gives, from the cache where it is there: a function of the source and of the code."""
    arrays = dict(kept(asdict(source), lambda: _arrays(prepare(source))))
    parts: dict[str, Any] = json.loads(arrays.pop(_PLAIN).tobytes())
    parts |= {name: torch.from_numpy(array) for name, array in arrays.items()}
    parts |= {name: tuple(parts[name]) for name in ("names", "labels")}
    return Dataset(**parts)


def _arrays(data: Dataset) -> Arrays:
    parts: dict[str, Any] = {field.name: getattr(data, field.name) for field in fields(data)}
    arrays = {name: part.numpy() for name, part in parts.items() if isinstance(part, Tensor)}
    plain = {name: part for name, part in parts.items() if name not in arrays}
    return {**arrays, _PLAIN: np.frombuffer(json.dumps(plain).encode(), np.uint8)}
