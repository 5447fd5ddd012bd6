"""Search quality at equal wall time: the best dev accuracy so far, hpsearch beside the common loop, over seeds.

    python -m benchmarks.equal_time                        # 5 seeds of 300 s in 2 ways: 51 minutes, on two idle cores
    python -m benchmarks.equal_time --seconds 60 --seeds 2

Both search the same space with the same pruning for the same wall time, start of the process included. What counts at a
moment is the best value that any epoch of any trial had reported by then, as MLflow has it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean, median
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.band_chart import Band, draw
from benchmarks.cases import SPACES
from benchmarks.machine import machine
from benchmarks.process import folder, settings, timed
from benchmarks.tracked import Points, best_at, improvements, reported
from benchmarks.ways import make_database

OURS, COMMON = "hpsearch", "common loop"
FILE = str(SPACES / "fashion_mlp.yaml")
METRIC, DIRECTION = "dev_accuracy", "maximize"
# More trials than time, and rungs at 1 and 3 epochs.
ENDLESS = ("search.trials=100000", "search.pruner=asha", "hyperparameters.epochs=9")
PARTS = (0.2, 0.4, 1.0)  # of the time, for the table
STEPS = 150  # in the figure
FIGURES = Path(__file__).parents[1] / "docs" / "figures"

Runs = Mapping[str, Mapping[int, Points]]  # way → seed → the best value so far, by seconds


def run(way: str, seed: int, seconds: float, file: str, overrides: Sequence[str], home: Path) -> Points:
    """One search of so many seconds: the best value so far, by seconds from the start of the process."""
    given = [*ENDLESS, *overrides, f"search.seed={seed}"]
    if way == OURS:
        limited = [*given, f"search.timeout={seconds:g}s"]
        process = timed(["hpsearch", "run", file, "--home", str(home), "-q", *settings(limited)])
    else:
        make_database(home)
        loop = ["benchmarks.common_loop", file, "--home", str(home), "--timeout", f"{seconds:g}"]
        process = timed([*loop, *settings(given)])
    # What comes after the time, because the process had to start first or ends its last trial, does not count.
    points = [(when, value) for when, value in reported(home, METRIC) if when - process.started <= seconds]
    return improvements(points, process.started, DIRECTION)


def table(runs: Runs, seconds: float) -> Table:
    """The best value at a few moments, a row for each seed, and the mean over them."""
    drawn = Table(title=f"best reported {METRIC} after so many seconds", title_justify="left")
    drawn.add_column("seed")
    moments = [part * seconds for part in PARTS]
    for moment in moments:
        for way in runs:
            drawn.add_column(f"{way}, {moment:g} s", justify="right")
    seeds = list(next(iter(runs.values())))
    rows = {str(seed): [best_at(runs[way][seed], moment) for moment in moments for way in runs] for seed in seeds}
    for name, row in rows.items():
        drawn.add_row(name, *(_shown(value) for value in row))
    drawn.add_section()
    drawn.add_row("mean", *(_shown(_mean(column)) for column in zip(*rows.values(), strict=True)))
    return drawn


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return mean(known) if len(known) == len(values) else None


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def verdict(runs: Runs, seconds: float) -> str:
    """How the two ways stand at the end, and for how many seeds which is ahead; nothing is behind everything."""
    ends = {way: [best_at(points, seconds) for points in by_seed.values()] for way, by_seed in runs.items()}
    nothing = float("-inf")
    pairs = [
        (nothing if ours is None else ours, nothing if other is None else other)
        for ours, other in zip(ends[OURS], ends[COMMON], strict=True)
    ]
    return (
        f"after {seconds:g} s: {OURS} {_shown(_mean(ends[OURS]))}, {COMMON} {_shown(_mean(ends[COMMON]))} on average "
        f"over {len(pairs)} seeds; {OURS} is ahead for {sum(ours > other for ours, other in pairs)} and behind for "
        f"{sum(ours < other for ours, other in pairs)}"
    )


def band(by_seed: Mapping[int, Points], seconds: float) -> Band | None:
    """Least, median and most over the seeds, from when all of them have a value; None where that is never."""
    begun = max((points[0][0] if points else seconds + 1 for points in by_seed.values()), default=seconds + 1)
    times = [t for t in (seconds * step / STEPS for step in range(STEPS + 1)) if t >= begun]
    columns = [[best_at(points, t) or 0.0 for points in by_seed.values()] for t in times]
    if not times:
        return None
    return Band(times, [min(c) for c in columns], [median(c) for c in columns], [max(c) for c in columns])


def figure(runs: Runs, seconds: float) -> str:
    """The best value so far by time as SVG: a median line and a band over the seeds for each way."""
    bands = {way: drawn for way, by_seed in runs.items() if (drawn := band(by_seed, seconds)) is not None}
    seeds = len(next(iter(runs.values())))
    return draw(f"Best {METRIC} so far: median and range of {seeds} seeds", "seconds", bands) if bands else ""


def to_json(runs: Runs, seconds: float, file: str) -> dict[str, Any]:
    """Every run."""
    return {"machine": machine(), "file": Path(file).name, "seconds": seconds, "metric": METRIC, "runs": runs}


def search(given: argparse.Namespace, progress: Console) -> Runs:
    """All runs, the two ways of a seed one after the other."""
    runs: dict[str, dict[int, Points]] = {OURS: {}, COMMON: {}}
    for seed in range(given.seeds):
        for way in list(runs)[:: 1 if seed % 2 == 0 else -1]:
            progress.print(f"seed {seed}: {way}, {given.seconds:g} s")
            with folder() as home:
                runs[way][seed] = run(way, seed, given.seconds, given.file, given.overrides, home / "studies")
    return runs


def main(arguments: Sequence[str]) -> int:
    """Run as a process."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=300.0, help="the time that each run has; 300")
    parser.add_argument("--seeds", type=int, default=5, help="how many; 5")
    parser.add_argument("--file", default=FILE, help="a study file; a multilayer perceptron on Fashion-MNIST")
    parser.add_argument("--set", dest="overrides", metavar="PATH=VALUE", action="append", default=[])
    parser.add_argument("--output", type=Path, default=FIGURES, help="the folder of the figure and the JSON file")
    given = parser.parse_args(arguments)
    if given.seconds <= 0 or given.seeds < 1:
        parser.error("--seconds and --seeds must be above 0")
    progress = Console(stderr=True)
    try:
        runs = search(given, progress)
    except KeyboardInterrupt:
        progress.print("stopped")
        return 130
    except subprocess.CalledProcessError as error:
        progress.print(error.stderr, highlight=False)
        return 1
    out = Console(width=None if sys.stdout.isatty() else 140)
    out.print(table(runs, given.seconds))
    out.print(f"{verdict(runs, given.seconds)}\n{machine()}", soft_wrap=True, highlight=False)
    given.output.mkdir(parents=True, exist_ok=True)
    (given.output / "equal_time.svg").write_text(figure(runs, given.seconds))
    (given.output / "equal_time.json").write_text(json.dumps(to_json(runs, given.seconds, given.file), indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
