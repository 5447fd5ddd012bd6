"""What a stack saves: milliseconds a trial by size of the stack, eager and replayed, beside plain PyTorch.

python -m benchmarks.stack [--epochs 20]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial
from unittest.mock import patch

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from benchmarks import plain_torch
from hpsearch.events import Scalar
from hpsearch.training.config import Config, configure
from hpsearch.training.data.arrays import Dataset, Source
from hpsearch.training.data.prepare import prepare
from hpsearch.training.fit import train_epoch
from hpsearch.training.program import Program
from hpsearch.training.replay import Bind
from hpsearch.training.stack import Stack
from hpsearch.training.state import begin
from hpsearch.training.trace import Flat

SIZES = (1, 2, 4, 8, 16)
VALUES: dict[str, Scalar] = {"depth": 2, "width": 128, "batch_size": 64, "optimizer": "momentum", "learning_rate": 0.05}


def data() -> Dataset:
    """The digits, as a study with all defaults prepares them."""
    parts = prepare(Source("digits", {"train": 0.7, "dev": 0.15, "test": 0.15}))
    return parts.to("cpu", torch.float32)


def plain(config: Config, on: Dataset, epochs: int) -> float:
    """Seconds of one trial in plain PyTorch, with batches cut from a tensor, not by a DataLoader."""

    def batches() -> Iterator[tuple[Tensor, Tensor]]:
        size = on.batch(config.batch_size)
        for chosen in torch.split(torch.randperm(len(on.train_y)), size):
            if len(chosen) == size:
                yield on.train_x[chosen], on.train_y[chosen]

    network = plain_torch.build_network(config, on.inputs, on.classes)
    optimizer = plain_torch.build_optimizer(config, network)
    began = time.perf_counter()
    for _ in range(epochs):
        plain_torch.train_epoch(network, batches(), optimizer, config)
        plain_torch.evaluate(network, [(on.dev_x, on.dev_y)])
    return time.perf_counter() - began


def stacked(config: Config, on: Dataset, epochs: int, size: int) -> float:
    """Seconds a trial in a stack, after an epoch in which the kernels are recorded."""
    program = Program("mlp", config, on)
    stack = Stack(program, [begin(program, number, number, config) for number in range(size)])
    train_epoch(stack)
    began = time.perf_counter()
    for _ in range(epochs):
        train_epoch(stack)
    return (time.perf_counter() - began) / size


def _call(function: Flat, arguments: Sequence[Tensor]) -> tuple[list[Tensor], Bind]:
    """In place of `record`: programs call the function again where they would replay its kernels."""
    again = torch.enable_grad()(function)  # a replay needs no gradients, so programs turn them off
    return again(*arguments), lambda arguments, arena: partial(again, *arguments)


def main() -> int:
    """Run as a process."""
    parser = argparse.ArgumentParser(description="Milliseconds a trial by size of the stack.")
    parser.add_argument("--epochs", type=int, default=20)
    epochs = parser.parse_args().epochs
    torch.set_num_threads(1)
    config, on = configure(VALUES), data()
    plain(config, on, 1)
    alone = plain(config, on, epochs)
    drawn = Table(title=f"ms a trial of {epochs} epochs, digits, MLP 64-128-128-10, batch 64, one thread")
    for heading in ("stack", "eager", "to plain", "replayed", "to plain"):
        drawn.add_column(heading, justify="right")
    drawn.add_row("plain PyTorch", f"{1000 * alone:.0f}", "1", "", "")
    for size in SIZES:
        with patch("hpsearch.training.program.record", _call):
            called = stacked(config, on, epochs, size)
        replayed = stacked(config, on, epochs, size)
        cells = [(f"{1000 * seconds:.0f}", f"{alone / seconds:.2f}×") for seconds in (called, replayed)]
        drawn.add_row(str(size), *cells[0], *cells[1])
    Console().print(drawn)
    return 0


if __name__ == "__main__":
    sys.exit(main())
