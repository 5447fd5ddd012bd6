"""How few trials samplers need, and what it costs them that many are under way at a time.

    python -m benchmarks.efficiency                     # some minutes on one core
    python -m benchmarks.efficiency --samplers tpe      # beside random, as always; plain is Optuna's own TPE
    python -m benchmarks.efficiency --quick             # does it work?

Searches go through hpsearch's own coordinator, sampler and virtual clock; their trials take no time, because their
values are known (`benchmarks.problems`). A regret is the best loss so far less the least loss there is, as a mean over
the seeds.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import optuna
from numpy.typing import NDArray
from optuna.storages import InMemoryStorage
from rich.console import Console
from rich.table import Table

from benchmarks.bookkeeping import Instant
from benchmarks.problems import Problem, problems
from benchmarks.silent import Silent
from hpsearch.run import Coordinator
from hpsearch.search.study import SearchStudy
from hpsearch.space.load import parse_study

SEEDS = 20
SIZES = (50, 100, 200)
SLOTS = 16
SAMPLERS = ("tpe", "plain", "qmc", "cmaes", "nsgaii")
WRITTEN = {
    "plain": "{name: tpe, plain: true}",
    "late": "{name: tpe, n_startup_trials: 25}",  # as late as with 16 slots
    "even": "[{name: qmc, trials: 25}, tpe]",  # with 16 slots, 25 trials are asked before 10 have ended
}
RESAMPLES = 2000  # of the seeds, for the range in which a ratio may lie


@dataclass(frozen=True, slots=True)
class Regrets:
    """Of one sampler on one problem: [seed, trial], the regret of the best of the first trials."""

    problem: str
    sampler: str
    slots: int
    values: NDArray[np.float64]

    def at(self, trials: int) -> NDArray[np.float64]:
        """[seed], after so many trials."""
        return self.values[:, trials - 1]


def search(problem: Problem, sampler: str, slots: int, trials: int, seed: int) -> list[float]:
    """The losses by trial number."""
    settings = f"sampler: {WRITTEN.get(sampler, sampler)}, trials: {trials}, slots: {slots}, seed: {seed}"
    text = (
        f"name: s\ndata: digits\nhyperparameters: {{{problem.space}, epochs: 1}}\n"
        f"objective: {{metric: dev_loss}}\nsearch: {{{settings}}}\n"
    )
    study = SearchStudy(InMemoryStorage(), parse_study(text, file="efficiency"), text)
    coordinator = Coordinator(study, Instant(problem.loss), Silent())
    while coordinator.step():
        pass
    return [float(trial.value or 0.0) for trial in study.trials]


def regrets(problem: Problem, sampler: str, slots: int, trials: int, seeds: int) -> Regrets:
    """Of one sampler on one problem, over the seeds."""
    best = [list(accumulate(search(problem, sampler, slots, trials, seed), min)) for seed in range(seeds)]
    return Regrets(problem.name, sampler, slots, np.array(best) - problem.least)


@dataclass(frozen=True, slots=True)
class Compared:
    """A sampler beside random after `trials`: mean regrets, their ratio, and the share of the gain that slots cost.

    `ratio` is the sampler's regret, with all slots, over that of twice as many random trials. `lost` is the part of
    what the sampler gains over as many random trials with one slot that it does not gain with all of them. Each has
    the range between the 5th and the 95th percentile when the seeds are drawn again.
    """

    problem: str
    sampler: str
    trials: int
    random: float
    random_twice: float
    one_slot: float
    all_slots: float
    ratio: tuple[float, float, float]
    lost: tuple[float, float, float]


def compared(random: Regrets, one: Regrets, full: Regrets, trials: int) -> Compared:
    """All seeds' regrets of random search, of the sampler with one slot and of the sampler with all slots."""
    columns = [random.at(trials), random.at(2 * trials), one.at(trials), full.at(trials)]
    seeds = len(columns[0])
    drawn = np.random.default_rng(0).integers(seeds, size=(RESAMPLES, seeds))
    means = [column.mean() for column in columns]
    again = [column[drawn].mean(axis=1) for column in columns]
    ratio = _with_range(means[3] / means[1], again[3] / again[1])
    lost = _with_range(_lost(means), _lost(again))
    at_random, twice, alone, slots = (float(mean) for mean in means)
    return Compared(full.problem, full.sampler, trials, at_random, twice, alone, slots, ratio, lost)


def _lost(regrets: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore", invalid="ignore"):  # where there is no gain
        return np.asarray((regrets[3] - regrets[2]) / (regrets[0] - regrets[2]))


def _with_range(value: float | NDArray[np.float64], again: NDArray[np.float64]) -> tuple[float, float, float]:
    low, high = np.percentile(again, [5, 95])
    return float(value), float(low), float(high)


def measure(
    samplers: Sequence[str],
    sizes: Sequence[int],
    seeds: int,
    slots: int = SLOTS,
    say: Callable[[str], None] = lambda _: None,
) -> list[Compared]:
    """Every sampler on every problem, after every number of trials."""
    optuna.logging.set_verbosity(logging.WARNING)
    measured = []
    for problem in problems():
        random = regrets(problem, "random", 1, 2 * max(sizes), seeds)
        for sampler in samplers:
            say(f"{problem.name}, {sampler}")
            one, full = (regrets(problem, sampler, each, max(sizes), seeds) for each in (1, slots))
            measured += [compared(random, one, full, trials) for trials in sizes]
    return measured


def table(measured: Sequence[Compared], seeds: int, slots: int = SLOTS) -> Table:
    """A row for each problem, sampler and number of trials."""
    drawn = Table(title=f"search efficiency: mean regrets over {seeds} seeds (5th to 95th percentile)")
    for heading in ("problem", "sampler"):
        drawn.add_column(heading)
    for heading in ("trials", "random", "random, twice", "1 slot", f"{slots} slots"):
        drawn.add_column(heading, justify="right")
    drawn.add_column(f"{slots} slots / random, twice", justify="right")
    drawn.add_column("gain lost to slots", justify="right")
    for row in measured:
        means = [f"{mean:.4f}" for mean in (row.random, row.random_twice, row.one_slot, row.all_slots)]
        ratio = "{:.2f} ({:.2f} to {:.2f})".format(*row.ratio)
        lost = "{:.0%} ({:.0%} to {:.0%})".format(*row.lost) if row.one_slot < row.random else "no gain"
        drawn.add_row(row.problem, row.sampler, str(row.trials), *means, ratio, lost)
    return drawn


def main() -> int:
    """Run as a process. Exit code 0."""
    parser = argparse.ArgumentParser(description="How few trials samplers need.")
    parser.add_argument("--samplers", default=",".join(SAMPLERS), help="with commas between them; all cheap ones")
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"how many searches of each kind; {SEEDS}")
    parser.add_argument("--slots", type=int, default=SLOTS, help=f"how many are under way at a time; {SLOTS}")
    parser.add_argument("--quick", action="store_true", help="few trials: does it work?")
    given = parser.parse_args()
    progress = Console(stderr=True)
    sizes, seeds = ((10, 20), 3) if given.quick else (SIZES, given.seeds)
    try:
        measured = measure(given.samplers.split(","), sizes, seeds, given.slots, progress.print)
    except KeyboardInterrupt:
        progress.print("stopped")
        return 130
    Console(width=None if sys.stdout.isatty() else 150).print(table(measured, seeds, given.slots))
    return 0


if __name__ == "__main__":
    sys.exit(main())
