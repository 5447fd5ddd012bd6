"""The two ways to run one search, each as a process of its own in a folder of its own, timed from outside."""

from __future__ import annotations

import json
import logging
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hpsearch.space.load import load_study

LEAVE_SECONDS = 10.0
# What in the user's environment would send one of the two somewhere else.
_REDIRECTIONS = ("HPSEARCH_HOME", "OPTUNA_STORAGE", "MLFLOW_TRACKING_URI")


@dataclass(frozen=True, slots=True)
class Measured:
    """One run. `seconds` is the life of the process, `searching` the time from the first trial to the last.

    `processor` is the processor time of all its processes: on a busy machine the steadier number.
    """

    trials: int
    epochs: int
    best: float | None
    seconds: float
    processor: float
    searching: float

    @property
    def trials_an_hour(self) -> float:
        return 3600 * self.trials / self.seconds

    @property
    def epochs_an_hour(self) -> float:
        """The fairer measure where pruning went another way."""
        return 3600 * self.epochs / self.seconds


def run_ours(file: str, overrides: Sequence[str], home: Path) -> Measured:
    """`hpsearch run`, whole: it makes MLflow's database, writes a report and waits for MLflow at the end."""
    seconds, processor, _ = _timed(["hpsearch", "run", file, "--home", str(home), "-q", *_settings(overrides)])
    from hpsearch.search.reading import read_study
    from hpsearch.search.storage import open_storage

    record = read_study(open_storage(home, None, write=False), load_study(file, overrides).name)
    starts, ends = [t.started for t in record.trials], [t.ended for t in record.trials if t.ended is not None]
    return Measured(
        trials=sum(t.finished for t in record.trials),
        epochs=sum(t.history.epochs for t in record.trials),
        best=record.best.value if record.best else None,
        seconds=seconds,
        processor=processor,
        searching=(max(ends) - min(starts)).total_seconds(),
    )


def run_common(file: str, overrides: Sequence[str], home: Path, *, tuned: bool = False) -> Measured:
    """The common loop, with MLflow's database made before its clock starts."""
    from benchmarks.common_loop import DATABASE
    from hpsearch.tracking.database import create_sqlite

    logging.getLogger("mlflow").setLevel(logging.WARNING)
    home.mkdir(parents=True, exist_ok=True)
    create_sqlite(f"sqlite:///{home.resolve() / DATABASE}")
    command = ["benchmarks.common_loop", file, "--home", str(home), *_settings(overrides)]
    seconds, processor, printed = _timed([*command, "--tuned"] if tuned else command)
    said = json.loads(printed)
    return Measured(said["trials"], said["epochs"], said["best"], seconds, processor, searching=said["seconds"])


@contextmanager
def folder() -> Iterator[Path]:
    """An empty folder that is gone afterwards."""
    path = Path(tempfile.mkdtemp(prefix="hpsearch-bench-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _settings(overrides: Sequence[str]) -> list[str]:
    return [word for text in overrides for word in ("--set", text)]


def _timed(module: list[str]) -> tuple[float, float, str]:
    """Run a module with one thread: seconds, processor seconds and what it printed. Ends it where we are stopped.

    Raises CalledProcessError where it fails.
    """
    kept = {name: value for name, value in os.environ.items() if name not in _REDIRECTIONS}
    environment = kept | {"OMP_NUM_THREADS": "1", "MLFLOW_DISABLE_TELEMETRY": "true"}
    command = [sys.executable, "-m", *module]
    began, before = time.perf_counter(), _processor_seconds()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        printed, errors = process.communicate()
    except BaseException:
        _end(process)
        raise
    seconds, processor = time.perf_counter() - began, _processor_seconds() - before
    if process.returncode:
        sys.stderr.write(errors)
        raise subprocess.CalledProcessError(process.returncode, command)
    return seconds, processor, printed


def _processor_seconds() -> float:
    """Of all processes below this one that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(LEAVE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
