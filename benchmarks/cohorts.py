"""Cohorts: what is won in time, and lost in choice, where trials in a row share their structural values.

python -m benchmarks.cohorts [FILE] [--seeds 5] [--cohorts 1 2 4 8] [--set PATH=VALUE ...]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from statistics import mean, stdev

import optuna
from rich.console import Console
from rich.table import Table

from benchmarks.bookkeeping import Told
from benchmarks.process import folder
from hpsearch.cli.session import job_of
from hpsearch.cli.workspace import Workspace
from hpsearch.execution.inline import InlineExecutor
from hpsearch.run import Coordinator
from hpsearch.search.records import TrialRecord
from hpsearch.search.storage import open_storage
from hpsearch.search.study import SearchStudy
from hpsearch.space.load import dump_study, load_study
from hpsearch.tracking.outbox import Outbox

COHORTS = (1, 2, 4, 8)


@dataclass(frozen=True, slots=True)
class Run:
    """One search: the best trial's value, and for each trial that ended the processor seconds so far and the best value
    that any trial has shown so far after any epoch. Pruned ones count there, for whole trials come late."""

    best: float
    epochs: int
    curve: tuple[tuple[float, float], ...]

    @property
    def processor(self) -> float:
        """Processor seconds of the whole search: asking, training and writing, without the start of the process."""
        return self.curve[-1][0]

    def shown(self, seconds: float) -> float:
        """The best value shown after so many processor seconds; the first one known where that is later."""
        return [self.curve[0][1], *(best for at, best in self.curve if at <= seconds)][-1]


@dataclass(frozen=True, slots=True)
class Arm:
    """One size of cohort, run on several seeds; `shown` is at the moment when the fastest of the sizes ended."""

    cohort: int
    runs: tuple[Run, ...]
    shown: tuple[float, ...]


def search(file: str, overrides: Sequence[str]) -> Run:
    """Run a study in this process, without MLflow."""
    study_file = load_study(file, list(overrides))
    curve: list[tuple[float, float]] = []
    with folder() as home:
        storage = open_storage(home, None, write=True)
        assert storage is not None
        began = time.process_time()
        executor = InlineExecutor(job_of(study_file, Workspace(home, None, None)))
        study = SearchStudy(storage, study_file, dump_study(study_file))

        def ended(_: TrialRecord) -> None:
            if (leader := coordinator.tally.leader) is not None:
                curve.append((time.process_time() - began, leader[0]))

        with closing(executor), closing(Outbox(home / "outbox.jsonl")) as outbox:
            coordinator = Coordinator(study, executor, Told(outbox), ended)
            while coordinator.step():
                pass
        record = study.record()
    assert record.best is not None
    assert record.best.value is not None
    return Run(record.best.value, sum(trial.history.epochs for trial in record.trials), tuple(curve))


def arms(
    file: str,
    overrides: Sequence[str],
    seeds: int,
    cohorts: Sequence[int] = COHORTS,
    say: Callable[[str], None] = lambda _: None,
) -> list[Arm]:
    """Every size of cohort on every seed, in turn, so that a busy hour is shared by all."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    search(file, (*overrides, "search.trials=2", "hyperparameters.epochs=1"))  # what only a first search costs
    runs: dict[int, list[Run]] = {cohort: [] for cohort in cohorts}
    for seed in range(seeds):
        for cohort in cohorts:
            run = search(file, (*overrides, f"search.cohort={cohort}", f"search.seed={seed}"))
            say(f"seed {seed}, cohort {cohort}: best {run.best:.4f}, {run.processor:.1f} s, {run.epochs} epochs")
            runs[cohort].append(run)
    return compared(runs)


def compared(runs: dict[int, list[Run]]) -> list[Arm]:
    """Arms of runs by size of cohort, seed by seed."""
    shortest = [min(run.processor for run in of_seed) for of_seed in zip(*runs.values(), strict=True)]
    return [
        Arm(cohort, tuple(of), tuple(run.shown(seconds) for run, seconds in zip(of, shortest, strict=True)))
        for cohort, of in runs.items()
    ]


def spread(values: Sequence[float]) -> tuple[float, float]:
    """Mean and standard deviation; the latter 0 for a single value."""
    return mean(values), stdev(values) if len(values) > 1 else 0.0


def table(measured: Sequence[Arm]) -> Table:
    """A row for each size of cohort."""
    drawn = Table(title="cohorts: mean ± standard deviation over the seeds")
    for heading in ("cohort", "best", "shown in equal time", "epochs", "processor s", "ms an epoch"):
        drawn.add_column(heading, justify="right")
    for arm in measured:
        drawn.add_row(
            str(arm.cohort),
            "{:.4f} ± {:.4f}".format(*spread([run.best for run in arm.runs])),
            "{:.4f} ± {:.4f}".format(*spread(arm.shown)),
            "{:.0f} ± {:.0f}".format(*spread([run.epochs for run in arm.runs])),
            "{:.1f} ± {:.1f}".format(*spread([run.processor for run in arm.runs])),
            "{:.1f} ± {:.1f}".format(*spread([1000 * run.processor / run.epochs for run in arm.runs])),
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
