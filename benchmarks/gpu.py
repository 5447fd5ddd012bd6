"""The same comparisons on a GPU: stacks beside the common loop, one process of it and sixteen at once.

    python -m benchmarks.gpu [--quick]

Where there is no GPU it says so, and ends. The searches are those of `benchmarks.cases`, on the GPU.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

import torch
from rich.console import Console
from rich.table import Table

from benchmarks.cases import SPACES
from benchmarks.machine import machine
from benchmarks.peak import CLOTHES, DIGITS, epoch_seconds, gemm_peak
from benchmarks.process import end, folder, output, settings, start
from benchmarks.ways import make_database, run_ours
from hpsearch.events import Scalar
from hpsearch.training.config import configure
from hpsearch.training.data.arrays import Dataset
from hpsearch.training.data.prepare import prepare
from hpsearch.training.fit import train_epoch
from hpsearch.training.program import Program
from hpsearch.training.stack import Stack
from hpsearch.training.state import begin

SEARCHES = {
    "digits, MLP, 20 epochs": ("digits_mlp", ("search.pruner=none",)),
    "Fashion-MNIST, MLP 784-256-256, 5 epochs": (str(SPACES / "fashion_mlp.yaml"), ()),
}
TRIALS = {"hpsearch": 192, "one": 8, "sixteen": 2}  # of each process; rates are compared
PROCESSES = 16
SIZES = (1, 4, 16, 64)

MLP: dict[str, Scalar] = {"depth": 2, "width": 128, "dropout": 0.2}
LENET: dict[str, Scalar] = {"channels": 6, "width": 84}
RESNET: dict[str, Scalar] = {"depth": 8, "channels": 16, "batch_norm": True}
COMMON: dict[str, Scalar] = {"optimizer": "momentum", "learning_rate": 0.05, "batch_size": 128}


@dataclass(frozen=True, slots=True)
class Network:
    """A network whose stacks are timed, and the samples that it trains on."""

    name: str
    model: str
    values: Mapping[str, Scalar]
    data: Dataset


def first(data: Dataset, samples: int) -> Dataset:
    """The data with smaller training and dev parts."""
    train, dev = slice(samples), slice(max(1, samples // 8))
    return replace(
        data, train_x=data.train_x[train], train_y=data.train_y[train], dev_x=data.dev_x[dev], dev_y=data.dev_y[dev]
    )


def networks(samples: int) -> list[Network]:
    """What is timed stacked and alone."""
    digits, clothes = prepare(DIGITS), first(prepare(CLOTHES), samples)
    return [
        Network("digits, MLP 64-128-128-10", "mlp", {**COMMON, **MLP}, digits),
        Network("Fashion-MNIST, MLP 784-256-256-10", "mlp", {**COMMON, **MLP, "width": 256}, clothes),
        Network("Fashion-MNIST, LeNet", "lenet", {**COMMON, **LENET}, clothes),
        Network("Fashion-MNIST, ResNet of 8 layers", "resnet", {**COMMON, **RESNET}, clothes),
    ]


def rate_of_loops(file: str, overrides: Sequence[str], device: str, processes: int, trials: int) -> float:
    """Trials an hour of so many processes of the common loop at once, each with trials of its own."""
    with ExitStack() as stack:
        homes = [stack.enter_context(folder()) / "studies" for _ in range(processes)]
        for home in homes:
            make_database(home)
        began, running = time.perf_counter(), []
        for seed, home in enumerate(homes):
            given = settings([*overrides, f"search.trials={trials}", f"search.seed={seed}"])
            running.append(start(["benchmarks.common_loop", file, "--home", str(home), "--device", device, *given]))
            stack.callback(end, running[-1])
        for process in running:
            output(process)
        return 3600 * processes * trials / (time.perf_counter() - began)


def rate_of_ours(file: str, overrides: Sequence[str], device: str, trials: int) -> float:
    """Trials an hour of hpsearch on the device, the whole process."""
    with folder() as home:
        given = [*overrides, f"search.trials={trials}", "search.slots=64"]
        return run_ours(file, given, home / "studies", (f"device={device}", "stack=64")).trials_an_hour


def stacked(network: Network, device: str, sizes: Sequence[int], epochs: int) -> dict[int, float]:
    """Seconds that a trial's epoch takes in a stack of each size."""
    data = network.data.to(device, torch.float32)
    program = Program(network.model, configure(network.values), data)
    return {size: epoch_seconds(program, size, dict(network.values), epochs) / size for size in sizes}


def difference(network: Network, device: str, trials: int = 4, epochs: int = 2) -> float:
    """The largest relative difference of a weight, in float64, between trials in one stack and each alone."""
    data = network.data.to(device, torch.float64)
    config = configure(network.values)
    program = Program(network.model, config, data)
    together = [begin(program, number, number, config) for number in range(trials)]
    alone = [begin(program, number, number, config) for number in range(trials)]
    for states in (together, *([state] for state in alone)):
        stack = Stack(program, states)
        for _ in range(epochs):
            train_epoch(stack)
    return max(
        float(((a.parameters - b.parameters).abs() / b.parameters.abs().max()).max())
        for a, b in zip(together, alone, strict=True)
    )


def profile(network: Network, device: str, trials: int) -> str:
    """PyTorch's own summary of an epoch of a stack: where the time goes."""
    from torch.profiler import ProfilerActivity
    from torch.profiler import profile as profiler

    data, config = network.data.to(device, torch.float32), configure(network.values)
    program = Program(network.model, config, data)
    stack = Stack(program, [begin(program, number, number, config) for number in range(trials)])
    train_epoch(stack)
    on_gpu = device.startswith("cuda")
    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if on_gpu else [])]
    with profiler(activities=activities) as measured:
        train_epoch(stack)
    order = "self_device_time_total" if on_gpu else "self_cpu_time_total"
    return str(measured.key_averages().table(sort_by=order, row_limit=12, max_name_column_width=48))


def search_table(device: str, trials: Mapping[str, int], processes: int, searches: Sequence[str]) -> Table:
    """Trials an hour of a whole search, in three ways."""
    drawn = Table(title=f"trials an hour on {device}, tracking on", title_justify="left")
    columns = ("search", "hpsearch", "common loop", f"{processes} of it at once", "÷ one", f"÷ {processes}")
    for heading in columns:
        drawn.add_column(heading, justify="left" if heading == "search" else "right")
    for name in searches:
        file, overrides = SEARCHES[name]
        ours = rate_of_ours(file, overrides, device, trials["hpsearch"])
        one = rate_of_loops(file, overrides, device, 1, trials["one"])
        many = rate_of_loops(file, overrides, device, processes, trials["sixteen"])
        drawn.add_row(name, *(f"{rate:,.0f}" for rate in (ours, one, many)), f"{ours / one:.1f}", f"{ours / many:.1f}")
    return drawn


def stack_table(compared: Sequence[Network], device: str, sizes: Sequence[int], epochs: int) -> Table:
    """Milliseconds of a trial's epoch by the size of the stack, and how far trials in a stack are from alone."""
    drawn = Table(title=f"ms of a trial's epoch on {device}, by size of the stack", title_justify="left")
    drawn.add_column("network")
    for heading in (*(f"{size}" for size in sizes), "1 ÷ best", "stack − alone, float64"):
        drawn.add_column(heading, justify="right")
    for network in compared:
        each = stacked(network, device, sizes, epochs)
        drawn.add_row(
            network.name,
            *(f"{1000 * seconds:.1f}" for seconds in each.values()),
            f"{each[sizes[0]] / min(each.values()):.1f}",
            f"{difference(replace(network, data=first(network.data, 512)), device):.1e}",
        )
    return drawn


def main(arguments: Sequence[str]) -> int:
    """Run as a process."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few trials, few samples: does it work?")
    quick = parser.parse_args(arguments).quick
    out = Console(width=None if sys.stdout.isatty() else 140)
    if not torch.cuda.is_available():
        out.print("no GPU here: nothing to compare on one")
        return 0
    device = "cuda:0"
    out.print(f"float32 product of two large matrices: {gemm_peak(device, (4096, 8192)) / 1e12:.1f} TFLOP/s")
    compared = networks(samples=1024 if quick else 12_800)
    sizes, epochs = (SIZES[:2], 1) if quick else (SIZES, 2)
    out.print(stack_table(compared, device, sizes, epochs))
    out.print(profile(compared[0], device, trials=sizes[-1]), highlight=False, soft_wrap=True)
    trials = dict.fromkeys(TRIALS, 2) if quick else TRIALS
    try:
        out.print(search_table(device, trials, 2 if quick else PROCESSES, list(SEARCHES)[: 1 if quick else None]))
    except subprocess.CalledProcessError as error:
        out.print(f"a search ended with exit code {error.returncode}:\n{error.stderr}", highlight=False)
        return 1
    out.print(machine(), highlight=False)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
