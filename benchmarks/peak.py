"""How much of a core's arithmetic training reaches: floating-point operations a second beside those of a large product.

    python -m benchmarks.peak [--quick]

Counted are the multiplications and additions of the network's matrices: 2 a weight and sample forwards, 4 backwards,
2 in the first layer, whose input needs no gradient. Nothing else is counted, but all of it is timed: the order of the
samples, dropout, penalties, the optimizer, the score on the dev part.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass

import torch
from rich.console import Console
from rich.table import Table

from benchmarks.machine import machine
from hpsearch.events import Scalar
from hpsearch.training.config import configure
from hpsearch.training.data.arrays import Dataset, Source
from hpsearch.training.data.prepare import prepare
from hpsearch.training.fit import train_epoch
from hpsearch.training.program import Program
from hpsearch.training.stack import Stack
from hpsearch.training.state import begin

SIDES = (1024, 2048)
CLOTHES = Source("fashion_mnist", {"train": 0.9, "dev": 0.1, "test": "given"}, "standard_channel")
DIGITS = Source("digits", {"train": 0.7, "dev": 0.15, "test": 0.15})
COMMON: dict[str, Scalar] = {"depth": 2, "optimizer": "momentum", "learning_rate": 0.05, "batch_size": 64}


@dataclass(frozen=True, slots=True)
class Training:
    """A stack whose speed is asked for."""

    name: str
    source: Source
    values: dict[str, Scalar]
    trials: int
    epochs: int


TRAININGS = (
    Training("digits, MLP 64-128-128-10, stack of 16", DIGITS, {**COMMON, "width": 128}, 16, 5),
    Training("digits, MLP 64-128-128-10, stack of 1", DIGITS, {**COMMON, "width": 128}, 1, 20),
    Training("Fashion-MNIST, MLP 784-256-256-10, stack of 1", CLOTHES, {**COMMON, "width": 256}, 1, 2),
    Training("Fashion-MNIST, MLP 784-256-256-10, stack of 4", CLOTHES, {**COMMON, "width": 256}, 4, 1),
)


def gemm_peak(device: str = "cpu", sides: tuple[int, ...] = SIDES, seconds: float = 1.0) -> float:
    """The most operations a second that a product of two square float32 matrices reaches."""
    best = 0.0
    for side in sides:
        a, b = torch.rand(side, side, device=device), torch.rand(side, side, device=device)
        result = torch.mm(a, b)
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            synchronize(device)
            began = time.perf_counter()
            torch.mm(a, b, out=result)
            synchronize(device)
            best = max(best, 2 * side**3 / (time.perf_counter() - began))
    return best


def synchronize(device: str) -> None:
    """Wait until a GPU has done what it was told."""
    if device.startswith("cuda"):
        torch.cuda.synchronize()


def operations(program: Program, data: Dataset) -> int:
    """Multiplications and additions in the matrices of one trial's epoch, for a network without convolutions."""
    matrices = [shape[0] * shape[1] for shape in program.parameters.shapes if len(shape) == 2]
    trained = len(data.train_y) // program.batch * program.batch
    return trained * (6 * sum(matrices) - 2 * matrices[0]) + len(data.dev_y) * 2 * sum(matrices)


def epoch_seconds(program: Program, trials: int, values: dict[str, Scalar], epochs: int) -> float:
    """The fastest epoch of a stack, after one in which its kernels are recorded."""
    config = configure(values)
    stack = Stack(program, [begin(program, number, number, config) for number in range(trials)])
    train_epoch(stack)
    fastest = float("inf")
    for _ in range(epochs):
        synchronize(str(program.device))
        began = time.perf_counter()
        train_epoch(stack)
        synchronize(str(program.device))
        fastest = min(fastest, time.perf_counter() - began)
    return fastest


def achieved(training: Training, device: str = "cpu") -> float:
    """Operations a second of a stack's epochs."""
    data = prepare(training.source).to(device, torch.float32)
    program = Program("mlp", configure(training.values), data)
    seconds = epoch_seconds(program, training.trials, training.values, training.epochs)
    return training.trials * operations(program, data) / seconds


def main() -> int:
    """Run as a process."""
    parser = argparse.ArgumentParser(description="Operations a second of training beside those of a large product.")
    parser.add_argument("--quick", action="store_true", help="short and only on the digits: does it work?")
    quick = parser.parse_args().quick
    torch.set_num_threads(1)
    peak = gemm_peak(sides=(256,), seconds=0.1) if quick else gemm_peak()
    drawn = Table(title="one core, float32", title_justify="left")
    for heading in ("what", "GFLOP/s", "share of peak"):
        drawn.add_column(heading, justify="left" if heading == "what" else "right")
    drawn.add_row("the product of two large matrices", f"{peak / 1e9:.1f}", "1")
    for training in [one for one in TRAININGS if one.source is DIGITS or not quick]:
        reached = achieved(training)
        drawn.add_row(training.name, f"{reached / 1e9:.1f}", f"{reached / peak:.0%}")
    out = Console(width=None if sys.stdout.isatty() else 100)
    out.print(drawn)
    out.print(machine(), highlight=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
