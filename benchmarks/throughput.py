"""Trials an hour: hpsearch beside the loop that people write today, on the same search, tracking on.

python -m benchmarks.throughput [FILE] [--repeats 3] [--one-core] [--output FILE.json]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from benchmarks.ways import Measured, folder, run_common, run_ours

OURS, COMMON, TUNED = "hpsearch", "common loop", "common loop, tuned"
WAYS: dict[str, Callable[[str, Sequence[str], Path], Measured]] = {
    COMMON: run_common,
    TUNED: partial(run_common, tuned=True),
    OURS: run_ours,
}


@dataclass(frozen=True, slots=True)
class Case:
    """One search: what it is called in the table, and what it changes in the study file."""

    name: str
    overrides: tuple[str, ...] = ()


CASES = (
    Case("the file as it is"),
    # All train all their epochs: the same number of them in each way.
    Case("no pruning", ("search.pruner=none",)),
    # Few trials under way share a stack here: what is searched divides them among 54.
    Case(
        "more structure searched",
        ("hyperparameters.width=[64, 128]", "hyperparameters.activation=[relu, leaky_relu, tanh]"),
    ),
)


@dataclass(frozen=True, slots=True)
class Compared:
    """One case, run in each way as often as was asked for."""

    case: Case
    runs: Mapping[str, list[Measured]]

    def middle(self, way: str, of: Callable[[Measured], float]) -> float:
        """The median over the repeats."""
        return median(of(run) for run in self.runs[way])

    def ratio(self, way: str, to: str, of: Callable[[Measured], float]) -> float:
        """The median over the repeats of one way to another, run right after one another."""
        return median(of(a) / of(b) for a, b in zip(self.runs[way], self.runs[to], strict=True))


def trials_an_hour(run: Measured) -> float:
    """Finished trials in an hour of the whole process: start, search, report, MLflow's end."""
    return run.trials_an_hour


def epochs_an_hour(run: Measured) -> float:
    """Trained epochs in an hour of the whole process."""
    return run.epochs_an_hour


def compare(file: str, case: Case, repeats: int, say: Callable[[str], None]) -> Compared:
    """Run all ways in turn, in the other direction every second time."""
    runs: dict[str, list[Measured]] = {way: [] for way in WAYS}
    for repeat in range(repeats):
        for way in list(WAYS)[:: 1 if repeat % 2 == 0 else -1]:
            say(f"{case.name}, {repeat + 1} of {repeats}: {way}")
            with folder() as home:
                runs[way].append(WAYS[way](file, case.overrides, home / "studies"))
    return Compared(case, runs)


def table(results: Sequence[Compared]) -> Table:
    """Medians over the repeats; the ratios are to the common loop."""
    drawn = Table()
    drawn.add_column("search")
    drawn.add_column("way", no_wrap=True)
    headings = ("trials/h", "ratio", "epochs/h", "ratio", "epochs", "best", "seconds", "searching", "processor s")
    for heading in headings:
        drawn.add_column(heading, justify="right")
    for result in results:
        for way in WAYS:
            middle = partial(result.middle, way)
            drawn.add_row(
                result.case.name,
                way,
                f"{middle(trials_an_hour):,.0f}",
                f"{result.ratio(way, COMMON, trials_an_hour):.2f}",
                f"{middle(epochs_an_hour):,.0f}",
                f"{result.ratio(way, COMMON, epochs_an_hour):.2f}",
                f"{middle(lambda run: run.epochs):.0f}",
                f"{middle(lambda run: run.best or 0.0):.4f}",
                f"{middle(lambda run: run.seconds):.1f}",
                f"{middle(lambda run: run.searching):.1f}",
                f"{middle(lambda run: run.processor):.1f}",
            )
        drawn.add_section()
    return drawn


def machine() -> str:
    """What the numbers hold for."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    parts = (f"{platform.system()} {platform.machine()}", f"Python {platform.python_version()}")
    return ", ".join((f"{cores} cores", *parts, f"torch {torch.__version__}"))


def verdict(results: Sequence[Compared]) -> str:
    """For each search a line: how many times the trials an hour; then what the numbers hold for."""
    lines = [
        f"{result.case.name}: {result.ratio(OURS, COMMON, trials_an_hour):.2f} times the common loop's trials an hour, "
        f"{result.ratio(OURS, TUNED, trials_an_hour):.2f} times when that is tuned"
        for result in results
    ]
    return "\n".join([*lines, machine()])


def to_json(results: Sequence[Compared]) -> dict[str, Any]:
    """Every single run."""
    searches = [
        {
            "search": result.case.name,
            "overrides": list(result.case.overrides),
            "runs": {way: [asdict(run) for run in runs] for way, runs in result.runs.items()},
            "ratio": {way: result.ratio(OURS, way, trials_an_hour) for way in (COMMON, TUNED)},
        }
        for result in results
    ]
    return {"machine": machine(), "searches": searches}


def main() -> int:
    """Run as a process. Exit code 0, also where hpsearch was slower: a busy machine is no failure."""
    parser = argparse.ArgumentParser(description="hpsearch beside the loop that people write today.")
    parser.add_argument("file", nargs="?", default="digits_mlp", help="a study file; digits_mlp")
    parser.add_argument("--repeats", type=int, default=1, help="how often each way runs each search; 1")
    parser.add_argument("--one-core", action="store_true", help="hold all processes to one core (Linux)")
    parser.add_argument("--output", type=Path, help="write all numbers to this JSON file too")
    arguments = parser.parse_args()
    if arguments.repeats < 1:
        parser.error("--repeats must be at least 1")
    if arguments.one_core:
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    progress = Console(stderr=True)
    try:
        results = [compare(arguments.file, case, arguments.repeats, progress.print) for case in CASES]
    except KeyboardInterrupt:
        progress.print("stopped")
        return 130
    out = Console(width=None if sys.stdout.isatty() else 140)
    out.print(table(results))
    out.print(verdict(results), soft_wrap=True, highlight=False)
    if arguments.output is not None:
        arguments.output.write_text(json.dumps(to_json(results), indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
