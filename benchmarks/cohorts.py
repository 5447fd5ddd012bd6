"""Cohorts: what is won in time, and lost in choice, where trials in a row share their structural values.

python -m benchmarks.cohorts [FILE] [--seeds 5] [--cohorts 1 2 4 8] [--set PATH=VALUE ...]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import mean, stdev

from rich.console import Console
from rich.table import Table

from benchmarks.ways import Measured, folder, run_ours

COHORTS = (1, 2, 4, 8)


@dataclass(frozen=True, slots=True)
class Arm:
    """One size of cohort, run on several seeds."""

    cohort: int
    runs: tuple[Measured, ...]

    def spread(self, of: Callable[[Measured], float]) -> tuple[float, float]:
        """Mean and standard deviation over the seeds; the latter 0 for a single one."""
        values = [of(run) for run in self.runs]
        return mean(values), stdev(values) if len(values) > 1 else 0.0


def arms(
    file: str,
    overrides: Sequence[str],
    seeds: int,
    cohorts: Sequence[int] = COHORTS,
    say: Callable[[str], None] = lambda _: None,
) -> list[Arm]:
    """Every size of cohort on every seed, in turn, so that a busy hour is shared by all."""
    runs: dict[int, list[Measured]] = {cohort: [] for cohort in cohorts}
    for seed in range(seeds):
        for cohort in cohorts:
            settings = (*overrides, f"search.cohort={cohort}", f"search.seed={seed}")
            with folder() as home:
                run = run_ours(file, settings, home / "studies")
            say(f"seed {seed}, cohort {cohort}: best {run.best}, processor {run.processor:.1f} s, {run.epochs} epochs")
            runs[cohort].append(run)
    return [Arm(cohort, tuple(of)) for cohort, of in runs.items()]


def table(measured: Sequence[Arm]) -> Table:
    """A row for each size of cohort; processor seconds are those of the whole command."""
    drawn = Table(title="cohorts, mean ± standard deviation over the seeds")
    for heading in ("cohort", "best", "epochs", "processor s", "ms an epoch"):
        drawn.add_column(heading, justify="right")
    for arm in measured:
        best, epochs = arm.spread(lambda run: run.best or 0.0), arm.spread(lambda run: run.epochs)
        processor = arm.spread(lambda run: run.processor)
        each = arm.spread(lambda run: 1000 * run.processor / run.epochs)
        drawn.add_row(
            str(arm.cohort),
            f"{best[0]:.4f} ± {best[1]:.4f}",
            f"{epochs[0]:.0f} ± {epochs[1]:.0f}",
            f"{processor[0]:.1f} ± {processor[1]:.1f}",
            f"{each[0]:.1f} ± {each[1]:.1f}",
        )
    return drawn


def main() -> int:
    """Run as a process. Exit code 0."""
    parser = argparse.ArgumentParser(description="What cohorts win in time and lose in choice.")
    parser.add_argument("file", nargs="?", default="digits_mlp", help="a study file; digits_mlp")
    parser.add_argument("--seeds", type=int, default=5, help="how many seeds; 5")
    parser.add_argument("--cohorts", type=int, nargs="+", default=list(COHORTS), help="sizes; 1 2 4 8")
    parser.add_argument("--set", dest="overrides", action="append", default=[], help="a value of the study file")
    arguments = parser.parse_args()
    if arguments.seeds < 1:
        parser.error("--seeds must be at least 1")
    progress = Console(stderr=True)
    try:
        measured = arms(arguments.file, arguments.overrides, arguments.seeds, arguments.cohorts, progress.print)
    except KeyboardInterrupt:
        progress.print("stopped")
        return 130
    Console(width=None if sys.stdout.isatty() else 140).print(table(measured))
    return 0


if __name__ == "__main__":
    sys.exit(main())
