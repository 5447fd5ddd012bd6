"""The ways to run one search, each as a process of its own in a folder of its own, timed from outside."""

from __future__ import annotations

import importlib.util
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.process import Finished, settings, timed
from benchmarks.tracked import DATABASE, Points, improvements, reported
from hpsearch.space.load import load_study


@dataclass(frozen=True, slots=True)
class Measured:
    """One run. `seconds` is the life of the process, `searching` the time from the first trial to the last.

    `processor` is the processor time of all its processes (of Ray's: of the first one only): on a busy machine the
    steadier number. `busy` is the share of the time in which its devices computed, `bookkeeping` the one in which the
    search itself worked; None where it does not say. `improvements`: the best value so far, by seconds.
    """

    trials: int
    epochs: int
    best: float | None
    seconds: float
    processor: float
    searching: float
    busy: float | None = None
    bookkeeping: float | None = None
    improvements: Points = ()

    @property
    def trials_an_hour(self) -> float:
        return 3600 * self.trials / self.seconds

    @property
    def searched_an_hour(self) -> float:
        """Trials an hour without start and end."""
        return 3600 * self.trials / self.searching

    @property
    def epochs_an_hour(self) -> float:
        """The fairer measure where pruning went another way."""
        return 3600 * self.epochs / self.seconds


@dataclass(frozen=True, slots=True)
class Failed:
    """A way that could not be run here, and why."""

    reason: str


def run_ours(file: str, overrides: Sequence[str], home: Path, execution: Sequence[str] = ()) -> Measured:
    """`hpsearch run`, whole: it makes MLflow's database, writes a report and waits for MLflow at the end."""
    given = [*overrides, *(f"execution.{setting}" for setting in execution)]
    run = timed(["hpsearch", "run", file, "--home", str(home), "-q", *settings(given)])
    from hpsearch.search.reading import read_study
    from hpsearch.search.storage import open_storage

    record = read_study(open_storage(home, None, write=False), load_study(file, overrides).name)
    starts, ends = [t.started for t in record.trials], [t.ended for t in record.trials if t.ended is not None]
    devices = _devices(record.name, home)
    return Measured(
        trials=sum(t.finished for t in record.trials),
        epochs=sum(t.history.epochs for t in record.trials),
        best=record.best.value if record.best else None,
        seconds=run.seconds,
        processor=run.processor,
        searching=(max(ends) - min(starts)).total_seconds(),
        busy=devices.get("busy"),
        bookkeeping=devices.get("bookkeeping"),
        improvements=improvements(reported(home, record.metric), run.started, record.direction),
    )


def _devices(name: str, home: Path) -> dict[str, float]:
    """What the study says of the devices that it ran on; nothing where it says nothing."""
    said = timed(["hpsearch", "status", name, "--home", str(home), "--format", "json"])
    found: dict[str, float] = json.loads(said.printed).get("devices") or {}
    return found


def run_common(file: str, overrides: Sequence[str], home: Path, *, tuned: bool = False) -> Measured:
    """The common loop, with MLflow's database made before its clock starts."""
    make_database(home)
    command = ["benchmarks.common_loop", file, "--home", str(home), *settings(overrides)]
    return _rival(timed([*command, "--tuned"] if tuned else command), file, overrides, home)


def run_ray(file: str, overrides: Sequence[str], home: Path, at_once: int = 2) -> Measured:
    """Ray Tune, with MLflow's database made before its clock starts."""
    if importlib.util.find_spec("ray") is None:
        raise ModuleNotFoundError("not installed: pip install '.[bench]'", name="ray")
    make_database(home)
    command = ["benchmarks.ray_loop", file, "--home", str(home), "--at-once", str(at_once)]
    return _rival(timed([*command, *settings(overrides)]), file, overrides, home)


def make_database(home: Path) -> None:
    """MLflow's empty database in a new folder."""
    from hpsearch.tracking.database import create_sqlite

    logging.getLogger("mlflow").setLevel(logging.WARNING)
    home.mkdir(parents=True, exist_ok=True)
    create_sqlite(f"sqlite:///{home.resolve() / DATABASE}")


def _rival(run: Finished, file: str, overrides: Sequence[str], home: Path) -> Measured:
    """What a loop said on its last line, and what it left in MLflow."""
    said, objective = json.loads(run.printed.splitlines()[-1]), load_study(file, overrides).objective
    return Measured(
        trials=said["trials"],
        epochs=said["epochs"],
        best=said["best"],
        seconds=run.seconds,
        processor=run.processor,
        searching=said["seconds"],
        improvements=improvements(reported(home, objective.metric), run.started, objective.direction),
    )


COMMON, TUNED = "common loop", "common loop, tuned"
ALONE, STACKED, WORKERS = "hpsearch, stack off", "hpsearch, stack on", "hpsearch, 2 workers"
ALONE_WORKERS = "hpsearch, stack off, 2 workers"
RAY = "Ray Tune, 2 at a time"

WAYS: dict[str, Callable[[str, Sequence[str], Path], Measured]] = {
    COMMON: run_common,
    TUNED: partial(run_common, tuned=True),
    ALONE: partial(run_ours, execution=("executor=inline", "stack=1")),
    STACKED: partial(run_ours, execution=("executor=inline",)),
    WORKERS: partial(run_ours, execution=("workers=2",)),
    ALONE_WORKERS: partial(run_ours, execution=("workers=2", "stack=1")),
    RAY: run_ray,
}


def attempt(way: str, file: str, overrides: Sequence[str], home: Path) -> Measured | Failed:
    """One run of one way. What does not work here is told, and the others go on."""
    try:
        return WAYS[way](file, overrides, home)
    except ModuleNotFoundError as error:
        return Failed(str(error))
    except subprocess.CalledProcessError as error:
        sys.stderr.write(error.stderr)
        lines = [line for line in error.stderr.splitlines() if line.strip()]
        return Failed(f"ended with exit code {error.returncode}" + (f": {lines[-1].strip()}" if lines else ""))
