"""What each part of hpsearch's TPE brings, when many trials are under way: the same searches, without one of them.

    python -m benchmarks.tpe_parts            # ten minutes on one core
    python -m benchmarks.tpe_parts --quick    # does it work?

Regrets of searches with 16 slots, as means over the seeds with their standard errors, on the problems of
`benchmarks.efficiency` and two more functions.
"""

from __future__ import annotations

import argparse
import logging
import sys
from contextlib import AbstractContextManager, nullcontext
from unittest.mock import patch

import numpy as np
import optuna
from rich.console import Console
from rich.table import Table

from benchmarks.efficiency import SIZES, SLOTS, Regrets, regrets
from benchmarks.problems import Problem, more, problems
from hpsearch.search import tpe

SEEDS = 40
WHOLE, PLAIN = "whole", "Optuna's own"
WITHOUT = ("weights by improvement", "crossing", "one by one", "lighter trials under way")


def without(part: str) -> AbstractContextManager[object]:
    """TPE as it would be without one of its parts."""
    if part == "weights by improvement":
        return patch.object(tpe, "_by_improvement", lambda good, direction: np.ones(len(good)))
    if part == "crossing":
        return patch.object(tpe.Crossing, "_draw", tpe.Estimator._draw)
    if part == "one by one":
        return patch.object(tpe, "ALONE", 0.0)
    return patch.object(tpe, "UNDER_WAY", 1.0)


def measure(problem: Problem, trials: int, seeds: int) -> dict[str, Regrets]:
    """By what is searched with."""
    found = {PLAIN: regrets(problem, "plain", SLOTS, trials, seeds)}
    for part in (WHOLE, *WITHOUT):
        with nullcontext() if part == WHOLE else without(part):
            found[part] = regrets(problem, "tpe", SLOTS, trials, seeds)
    return found


def main() -> int:
    """Run as a process. Exit code 0."""
    parser = argparse.ArgumentParser(description="What each part of TPE brings.")
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"how many searches of each kind; {SEEDS}")
    parser.add_argument("--quick", action="store_true", help="few trials: does it work?")
    given = parser.parse_args()
    optuna.logging.set_verbosity(logging.WARNING)
    sizes, seeds = ((20, 30), 2) if given.quick else (SIZES, given.seeds)
    drawn = Table(title=f"TPE with {SLOTS} slots: mean regret ± its standard error over {seeds} seeds")
    drawn.add_column("problem")
    drawn.add_column("TPE")
    for size in sizes:
        drawn.add_column(f"{size} trials", justify="right")
    for problem in (*problems(), *more()):
        Console(stderr=True).print(problem.name)
        for part, found in measure(problem, max(sizes), seeds).items():
            name = f"without {part}" if part in WITHOUT else part
            drawn.add_row(problem.name, name, *(_shown(found.at(size)) for size in sizes))
    Console(width=None if sys.stdout.isatty() else 120).print(drawn)
    return 0


def _shown(values: np.ndarray) -> str:
    return f"{values.mean():.4f} ± {values.std(ddof=1) / len(values) ** 0.5:.4f}"


if __name__ == "__main__":
    sys.exit(main())
