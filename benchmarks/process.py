"""A benchmark's ways run as processes of their own, timed from outside, each in an empty folder."""

from __future__ import annotations

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

LEAVE_SECONDS = 20.0
# What in the user's environment would send a way somewhere else.
_REDIRECTIONS = ("HPSEARCH_HOME", "OPTUNA_STORAGE", "MLFLOW_TRACKING_URI", "RAY_ADDRESS")
# One thread a process, and nobody is told of it.
_SETTINGS = {
    "OMP_NUM_THREADS": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "RAY_USAGE_STATS_ENABLED": "0",
}


@dataclass(frozen=True, slots=True)
class Finished:
    """A process that has ended. `seconds` is its life, `started` when it began (Unix seconds).

    `processor` is the processor time of it and of all its children that it has waited for.
    """

    started: float
    seconds: float
    processor: float
    printed: str


@contextmanager
def folder() -> Iterator[Path]:
    """An empty folder that is gone afterwards."""
    path = Path(tempfile.mkdtemp(prefix="hpsearch-bench-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def settings(overrides: Sequence[str]) -> list[str]:
    """Overrides as options of a command."""
    return [word for text in overrides for word in ("--set", text)]


def start(module: Sequence[str]) -> subprocess.Popen[str]:
    """Start a module with one thread; its output and its errors go to pipes."""
    kept = {name: value for name, value in os.environ.items() if name not in _REDIRECTIONS}
    command = [sys.executable, "-m", *module]
    return subprocess.Popen(
        command, env=kept | _SETTINGS, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )  # fmt: skip


def timed(module: Sequence[str]) -> Finished:
    """Run a module to its end; ends it where we are stopped. Raises CalledProcessError where it fails."""
    started, began, before = time.time(), time.perf_counter(), _processor_seconds()
    process = start(module)
    printed = output(process)
    return Finished(started, time.perf_counter() - began, _processor_seconds() - before, printed)


def output(process: subprocess.Popen[str]) -> str:
    """What a process prints until it ends. Raises CalledProcessError, with its errors, where it fails."""
    try:
        printed, errors = process.communicate()
    except BaseException:
        end(process)
        raise
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args, printed, errors)
    return printed


def end(process: subprocess.Popen[str]) -> None:
    """Ask a process to end, and make it."""
    process.terminate()
    try:
        process.wait(LEAVE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _processor_seconds() -> float:
    """Of all processes below this one that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
