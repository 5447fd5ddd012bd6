"""A table of real training: the dev loss of networks on the digits over a grid of hyperparameters.

    python -m benchmarks.digits_table    # computes it again, in some minutes

So that samplers can be compared on a real problem at no cost: `benchmarks.problems` looks values up.
"""

from __future__ import annotations

import csv
import math
import sys
from collections.abc import Mapping
from pathlib import Path

import torch
from optuna.storages import InMemoryStorage

from benchmarks.process import folder
from benchmarks.silent import Silent
from hpsearch.events import Scalar
from hpsearch.execution.executor import Job
from hpsearch.execution.inline import InlineExecutor
from hpsearch.run import Coordinator
from hpsearch.search.study import SearchStudy
from hpsearch.space.load import parse_study
from hpsearch.training.data.arrays import Source

FILE = Path(__file__).with_suffix(".csv")
SEARCHED = ("l2", "width", "batch_size", "optimizer", "activation", "learning_rate")
RANGES = {"learning_rate": (1e-4, 1.0, 16), "l2": (1e-6, 1e-1, 4)}  # low, high and points, in equal factors
STUDY = """
name: digits-table
data: digits
hyperparameters:
  learning_rate: {low: 1e-4, high: 1.0, log: true, points: 16}
  l2: {low: 1e-6, high: 1e-1, log: true, points: 4}
  width: [8, 16, 32, 128]
  batch_size: [32, 64, 256]
  optimizer: [momentum, rmsprop, adam]
  activation: [relu, tanh, sigmoid]
  epochs: 10
objective: {metric: dev_loss}
search: {sampler: grid, trials: 100000, slots: 96}
"""


def point(name: str, value: float) -> int:
    """The nearest of the grid's points, by factors."""
    low, high, points = RANGES[name]
    return round(math.log(value / low) / math.log(high / low) * (points - 1))


def cell(values: Mapping[str, Scalar]) -> tuple[str, ...]:
    """What stands in the table for these values."""
    return tuple(
        str(point(name, float(values[name] or 0))) if name in RANGES else str(values[name]) for name in SEARCHED
    )


def read() -> dict[tuple[str, ...], float]:
    """Cell → dev loss after ten epochs. A row of the file has all learning rates, the lowest first."""
    with FILE.open(encoding="utf-8", newline="") as stream:
        _, *rows = csv.reader(stream)
    shared = len(SEARCHED) - 1
    return {(*row[:shared], str(rate)): float(loss) for row in rows for rate, loss in enumerate(row[shared:])}


def compute(file: Path = FILE, text: str = STUDY) -> int:
    """Train all cells and write the table; returns how many there are."""
    study = SearchStudy(InMemoryStorage(), parse_study(text, file="digits_table.py"), text)
    source = Source(**study.file.data.model_dump())
    with folder() as home:
        executor = InlineExecutor(Job(source, "mlp", "cpu", 16, home, "dev_loss", "minimize", every=1e9, disk=1))
        coordinator = Coordinator(study, executor, Silent())
        while coordinator.step():
            pass
        executor.close()
    rows = {cell(trial.params): trial.value for trial in study.record().trials}
    worst = max(loss for loss in rows.values() if loss is not None and math.isfinite(loss))
    table: dict[tuple[str, ...], dict[int, float]] = {}
    for key, loss in rows.items():
        finite = worst if loss is None or not math.isfinite(loss) else loss
        table.setdefault(key[:-1], {})[int(key[-1])] = finite
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        rates = sorted({int(key[-1]) for key in rows})
        writer.writerow([*SEARCHED[:-1], *(f"rate {rate}" for rate in rates)])
        for shared, losses in table.items():
            writer.writerow([*shared, *(f"{losses[rate]:.4f}" for rate in rates)])
    return len(rows)


if __name__ == "__main__":
    torch.set_num_threads(1)
    sys.stderr.write(f"{compute()} networks\n")
