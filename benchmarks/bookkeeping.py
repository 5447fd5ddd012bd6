"""What a trial costs beside its training: to ask, write, mirror and tell, early in a long study and late in it.

python -m benchmarks.bookkeeping [--most 10000]
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import optuna
from rich.console import Console
from rich.table import Table

from benchmarks.process import folder
from hpsearch.events import Assignment, EpochEnded, Event, Scalar, TrialEnded
from hpsearch.execution.executor import Checked, Usage
from hpsearch.run import Coordinator
from hpsearch.search.records import TrialRecord
from hpsearch.search.storage import open_storage
from hpsearch.search.study import SearchStudy
from hpsearch.space.load import parse_study
from hpsearch.space.study_file import StudyFile
from hpsearch.tracking.outbox import Outbox

SAMPLERS = ("random", "grid", "tpe")
SIZES = (100, 1_000, 10_000)
SLOTS = 16
EARLY = 100  # trials at the start, and the last tenth at the end, are what the averages are taken over

STUDY = """
name: trivial
data: digits
hyperparameters:
  depth: {{low: 1, high: 3}}
  width: [64, 128]
  optimizer: [sgd, rmsprop, adam]
  learning_rate: {{low: 1e-4, high: 1e-1, log: true, points: 4}}
  dropout: {{low: 0.0, high: 0.5, points: 4}}
  l1: {{low: 1e-7, high: 1e-3, log: true, points: 4}}
  l2: {{low: 1e-7, high: 1e-2, log: true, points: 4}}
  batch_size: [32, 64, 128]
  epochs: 1
search: {{sampler: {sampler}, pruner: none, trials: {trials}, slots: {slots}, seed: 0}}
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds a trial, over the first trials and over the last: as a clock and as the processor counts them.

    `seconds` is the whole study, from the opening of the storage on, by the clock.
    """

    sampler: str
    trials: int
    early_wall: float
    early_processor: float
    late_wall: float
    late_processor: float
    seconds: float


def trivial(values: Mapping[str, Scalar]) -> float:
    """A loss that depends on two of the eight hyperparameters."""
    rate, dropout = (float(values[name] or 0.0) for name in ("learning_rate", "dropout"))
    return 1 - 1 / (1 + abs(rate - 0.01) * 50 + dropout)


@dataclass
class Instant:
    """An executor whose trials take no time: one epoch, whose loss is a function of the assignment's values."""

    loss: Callable[[Mapping[str, Scalar]], float] = trivial
    _ready: dict[int, Assignment] = field(default_factory=dict)

    def submit(self, trial: Assignment, *, tick: int, until: int, ticks: int = 1) -> None:
        self._ready[trial.number] = trial

    def extend(self, number: int, until: int) -> None:
        raise NotImplementedError("a trial of one epoch has no decisions")

    def tidy(self, values: Mapping[int, float]) -> None:
        """There are no networks to tidy."""

    def stop(self, number: int, value: float | None = None) -> None:
        """There is no network to keep."""

    def check(self, file: StudyFile) -> Checked:
        return Checked("", (), 0)

    def costs(self, values: Mapping[str, Scalar]) -> Mapping[str, int]:
        return {}

    def usage(self) -> Usage:
        return Usage(("cpu",), (0.0,))

    def end_by(self, when: float) -> None:
        """Its trials take no time."""

    def poll(self, until: float | None = None) -> list[Event]:
        events: list[Event] = []
        for number, trial in self._ready.items():
            loss = self.loss(trial.values)
            metrics = {"dev_accuracy": 1 - loss, "dev_loss": loss, "train_accuracy": 1 - loss, "train_loss": loss}
            events += [EpochEnded(number, 1, metrics, time.time(), 0.0), TrialEnded(number, 1)]
        self._ready.clear()
        return events

    def close(self) -> None:
        self._ready.clear()


class Told:
    """Writes to an outbox what the tracker would, without the process that sends it to MLflow."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def recorded(self, kind: str, number: int) -> bool:
        return self._outbox.recorded(kind, number)

    def trial_started(self, number: int, params: Mapping[str, Scalar], tags: Mapping[str, str], at: float) -> None:
        self._append("trial_started", at, number=number, params=dict(params), tags=dict(tags))

    def epoch(self, number: int, epoch: int, metrics: Mapping[str, float], at: float) -> None:
        self._append("epoch", at, number=number, epoch=epoch, metrics=dict(metrics))

    def trial_ended(
        self, number: int, status: str, metrics: Mapping[str, float], tags: Mapping[str, str], at: float
    ) -> None:
        self._append("trial_ended", at, number=number, status=status, metrics=dict(metrics), tags=dict(tags))

    def _append(self, kind: str, at: float, **fields: object) -> None:
        self._outbox.append({"kind": kind, "time": at, **fields})


def measure(sampler: str, trials: int, home: Path) -> Cost:
    """Run a study of trivial trials in a folder, with its journal and outbox as in any other."""
    text = STUDY.format(sampler=sampler, trials=trials, slots=SLOTS)
    marks: list[tuple[float, float]] = []

    def mark(_: TrialRecord | None = None) -> None:
        marks.append((time.perf_counter(), time.process_time()))

    mark()
    storage = open_storage(home, None, write=True)
    assert storage is not None
    study = SearchStudy(storage, parse_study(text, file="trivial.yaml"), text)
    outbox = Outbox(home / "outbox" / "trivial.jsonl")
    coordinator = Coordinator(study, Instant(), Told(outbox), mark)
    while coordinator.step():
        pass
    outbox.close()
    mark()
    # Opening comes before the first trial's end, and after the last ones nothing more is asked for.
    ends = marks[1 : -1 - SLOTS]
    early, late = min(EARLY, len(ends) - 1), max(1, len(ends) // 10)
    early_wall, early_processor = _milliseconds(ends[0], ends[early], early)
    late_wall, late_processor = _milliseconds(ends[-1 - late], ends[-1], late)
    seconds = marks[-1][0] - marks[0][0]
    return Cost(sampler, trials, early_wall, early_processor, late_wall, late_processor, seconds)


def _milliseconds(begin: tuple[float, float], end: tuple[float, float], trials: int) -> tuple[float, float]:
    return (end[0] - begin[0]) / trials * 1000, (end[1] - begin[1]) / trials * 1000


def costs(most: int = SIZES[-1], say: Callable[[str], None] = lambda _: None) -> list[Cost]:
    """Every sampler at every size up to `most`."""
    optuna.logging.set_verbosity(logging.WARNING)
    measured = []
    for sampler in SAMPLERS:
        for trials in [size for size in SIZES if size <= most] or [most]:
            say(f"{sampler}, {trials:,} trials")
            with folder() as home:
                measured.append(measure(sampler, trials, home))
    return measured


def table(measured: Sequence[Cost]) -> Table:
    """A row for each study; milliseconds a trial."""
    drawn = Table(title="bookkeeping: milliseconds a trial")
    drawn.add_column("sampler")
    headings = ("trials", "first 100", "processor", "last tenth", "processor", "seconds in all")
    for heading in headings:
        drawn.add_column(heading, justify="right")
    for cost in measured:
        early, late = (cost.early_wall, cost.early_processor), (cost.late_wall, cost.late_processor)
        times = [f"{milliseconds:.2f}" for milliseconds in (*early, *late)]
        drawn.add_row(cost.sampler, f"{cost.trials:,}", *times, f"{cost.seconds:.2f}")
    return drawn


def main() -> int:
    """Run as a process. Exit code 0."""
    parser = argparse.ArgumentParser(description="What a trial costs beside its training.")
    parser.add_argument("--most", type=int, default=SIZES[-1], help="leave out studies of more trials; 10000")
    arguments = parser.parse_args()
    if arguments.most <= SLOTS + 1:
        parser.error(f"--most must be at least {SLOTS + 2}")
    progress = Console(stderr=True)
    try:
        measured = costs(arguments.most, progress.print)
    except KeyboardInterrupt:
        progress.print("stopped")
        return 130
    Console(width=None if sys.stdout.isatty() else 140).print(table(measured))
    return 0


if __name__ == "__main__":
    sys.exit(main())
