"""The command as tests call it: in this process where that is enough, else as a process of its own."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from hpsearch.cli.main import main
from hpsearch.search.records import StudyRecord

PATIENCE = 300.0  # seconds, that only pass where something hangs

STUDY = """
name: {name}
data: digits
hyperparameters:
  depth: {{low: 1, high: 2}}
  width: [8, 16]
  optimizer: [momentum, adam]
  momentum: {{low: 0.5, high: 0.99, points: 2, when: {{optimizer: momentum}}}}
  learning_rate: {{low: 1e-3, high: 1e-1, log: true, points: 2}}
  batch_size: 128
  epochs: {epochs}
search: {{sampler: {sampler}, pruner: {pruner}, trials: {trials}, seed: 5, slots: 4}}
execution: {{executor: {executor}}}
"""


@dataclass(frozen=True, slots=True)
class Result:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        """What it said on stderr."""
        return self.err.splitlines()


def write_study(folder: Path, name: str = "small", **settings: Any) -> Path:
    """A study file for tiny networks, which are trained inline where no other executor is asked for."""
    given = {
        "epochs": 2,
        "sampler": "tpe",
        "pruner": "none",
        "trials": 4,
        "name": name,
        "executor": "inline",
    } | settings
    path = folder / f"{name}.yaml"
    path.write_text(STUDY.format(**given))
    return path


def hpsearch(*arguments: object) -> Result:
    """Run the command in this process."""
    out, err = io.StringIO(), io.StringIO()
    before = {kind: signal.getsignal(kind) for kind in (signal.SIGINT, signal.SIGTERM)}
    with (
        mock.patch.object(sys, "argv", ["hpsearch", *map(str, arguments)]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        warnings.catch_warnings(),
    ):
        try:
            main()
        except SystemExit as ended:
            code = ended.code
        finally:
            for kind, handler in before.items():
                signal.signal(kind, handler)
    assert isinstance(code, int)
    return Result(code, out.getvalue(), err.getvalue())


class NoMirror:
    """In place of the process that writes to MLflow, which takes seconds to start."""

    processor_seconds = 0.0

    def follow(self, orders: Mapping[str, str | None]) -> None: ...
    def revive(self) -> None: ...
    def let_go(self) -> None: ...
    def finish(self, timeout: float) -> bytes:
        return b'{"reason": "there is no mirror in this test"}'


def no_page(record: StudyRecord, path: Path, **options: object) -> Path:
    """In place of the report, which takes half a second to draw."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"the report of {record.name}")
    return path


@contextlib.contextmanager
def light() -> Iterator[None]:
    """Within it, a run in this process trains and writes the study and the outbox, and leaves the rest out."""
    with (
        mock.patch("hpsearch.tracking.mirror_process.MirrorProcess", NoMirror),
        mock.patch("hpsearch.cli.ending.write_page", no_page),
    ):
        yield


def environment(**more: str) -> dict[str, str]:
    """This process's environment without what steers hpsearch, and with one thread."""
    ours = ("HPSEARCH_", "OPTUNA_", "MLFLOW_", "PYTHONHASHSEED", "PYTHONWARNINGS", "COLUMNS")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    return {**kept, "OMP_NUM_THREADS": "1", **more}


def start(*arguments: object, **named: Any) -> subprocess.Popen[str]:
    """Start the command as a process that can be signalled."""
    return subprocess.Popen(
        [sys.executable, "-m", "hpsearch", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=named.pop("env", environment()),
        # A test run in the background has SIGINT ignored, and processes inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        **named,
    )


def ended(process: subprocess.Popen[str], timeout: float = PATIENCE) -> Result:
    """Wait for a started command."""
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return Result(process.returncode, out, err)


def run_process(*arguments: object, timeout: float = PATIENCE, **named: Any) -> Result:
    """Run the command as a process."""
    return ended(start(*arguments, **named), timeout)


def wait_for(condition: Callable[[], bool], what: str, timeout: float = PATIENCE) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, f"waited {timeout} s for {what}"
        time.sleep(0.05)


def trials(home: Path, study: str = "small") -> list[dict[str, Any]]:
    """What `trials --format json` says."""
    result = hpsearch("trials", study, "--format", "json", "--home", home)
    assert (result.code, result.err) == (0, "")
    found: list[dict[str, Any]] = result.json
    return found


def finished(home: Path, study: str = "small") -> int:
    """How many trials have ended; 0 as long as there is no study."""
    result = hpsearch("status", study, "--format", "json", "--home", home)
    return int(result.json["finished"]) if result.code == 0 else 0


def outcome(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of trials, what the same search has to give again."""
    return [{key: value for key, value in trial.items() if key != "seconds"} for trial in found]


def snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file and folder below, with its time of change and size."""
    return {str(p): (p.stat().st_mtime_ns, p.stat().st_size) for p in [folder, *folder.rglob("*")]}
