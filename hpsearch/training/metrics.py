"""What a study may optimise: each metric's better direction, and the worst value, which a diverged trial gets."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Metric:
    """`worst` is what counts for a trial whose loss was no longer finite."""

    direction: Literal["maximize", "minimize"]
    worst: float
    doc: str


dev_accuracy = Metric("maximize", 0.0, "share of the dev samples whose class is predicted rightly")
dev_loss = Metric("minimize", math.inf, "mean cross entropy over the dev samples, in nats, without penalties")
