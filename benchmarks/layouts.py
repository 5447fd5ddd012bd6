"""A grid, random search and TPE with as many trials each, over seeds: the lecture's point about layouts, in numbers.

    python -m benchmarks.layouts                # 10 seeds of 25 trials in three layouts, a few minutes on two cores
    python -m benchmarks.layouts --seeds 3 --home studies

All three search the same ranges of a learning rate, which matters much, and of an L2 penalty, which hardly does. It
runs them by `hpsearch run --repeat`, lets `hpsearch compare` print its tables and write its page, and draws a figure.
Run again, it goes on with what is missing.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from benchmarks.band_chart import Band, draw
from benchmarks.machine import machine
from hpsearch.reports.comparison import compare
from hpsearch.reports.comparisons import progress
from hpsearch.reports.figure import Missing
from hpsearch.search.groups import find_contestants
from hpsearch.search.storage import open_storage

FILE = Path(__file__).parent / "spaces" / "digits_layout.yaml"
SAMPLERS = ("grid", "random", "tpe")
FIGURES = Path(__file__).parents[1] / "docs" / "figures"


def hpsearch(*arguments: str) -> int:
    """Run the command as a user would; what it prints is printed."""
    return subprocess.run([sys.executable, "-m", "hpsearch", *arguments], check=False).returncode


def name(sampler: str) -> str:
    """What the group of a layout's repeats is called."""
    return f"layout-{sampler}"


def run(sampler: str, seeds: int, home: Path, file: str, overrides: Sequence[str]) -> int:
    """All repeats of one layout; the exit code."""
    given = [part for one in (f"name={name(sampler)}", *overrides) for part in ("--set", one)]
    return hpsearch("run", file, "--repeat", str(seeds), "--sampler", sampler, "--home", str(home), "-q", *given)


def figure(home: Path) -> str:
    """The best value so far over trials as SVG: the mean over the seeds in its 95% band, for each layout."""
    found = find_contestants(open_storage(home, None, write=False), [name(sampler) for sampler in SAMPLERS])
    comparison = compare(found, None, None)
    record = progress.compute(comparison)
    if isinstance(record, Missing):
        return ""
    bands = {
        contestant.name.removeprefix("layout-"): stairs(line)
        for contestant, line in zip(found, record.over_trials, strict=True)
        if line is not None
    }
    return draw(f"Best {record.metric} so far: mean of {len(found[0].repeats)} seeds, 95% band", "trials", bands)


def stairs(line: progress.Line) -> Band:
    """A step line as points to be joined."""
    x = [place for place in line.places for _ in range(2)][1:]
    low, mean, high = ([v for v in row for _ in range(2)][:-1] for row in (line.low, line.mean, line.high))
    return Band(x, low, mean, high)


def main(arguments: Sequence[str]) -> int:
    """Run as a process."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10, help="how many; 10")
    parser.add_argument("--file", default=str(FILE), help="a study file; two hyperparameters of a network on digits")
    parser.add_argument("--set", dest="overrides", metavar="PATH=VALUE", action="append", default=[])
    parser.add_argument("--home", type=Path, default=Path("studies"), help="the workspace; ./studies")
    parser.add_argument("--target", default="0.97", help="a value to reach; 0.97")
    parser.add_argument("--output", type=Path, default=FIGURES, help="the folder of the figure")
    given = parser.parse_args(arguments)
    if given.seeds < 1:
        parser.error("--seeds must be above 0")
    progress_console = Console(stderr=True)
    for sampler in SAMPLERS:
        progress_console.print(f"{name(sampler)}: {given.seeds} seeds")
        if code := run(sampler, given.seeds, given.home, given.file, given.overrides):
            return code
    layouts = [name(sampler) for sampler in SAMPLERS]
    if code := hpsearch("compare", *layouts, "--target", given.target, "--home", str(given.home)):
        return code
    print(machine())
    given.output.mkdir(parents=True, exist_ok=True)
    (given.output / "layouts.svg").write_text(figure(given.home), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
