"""A run of a study from the open workspace to the checked record: what `run` and `resume` share."""

from __future__ import annotations

import logging
import shlex
import time
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import optuna
from rich.console import Console

from hpsearch import registry
from hpsearch.cli.display import display, say_ended
from hpsearch.cli.ending import check, closing_lines, publish
from hpsearch.cli.lock import only_coordinator
from hpsearch.cli.stopping import Stopping
from hpsearch.cli.validate import total
from hpsearch.execution.executor import Executor, Job
from hpsearch.run import Coordinator
from hpsearch.search.storage import open_storage
from hpsearch.search.study import SearchStudy
from hpsearch.space.load import dump_study
from hpsearch.space.study_file import StudyFile
from hpsearch.tracking.tracker import Tracker

STACK = 16  # the largest stack where the file says auto: beyond it small networks gain little on one core
FINISH_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where studies, records and reports are kept."""

    home: Path
    storage: str | None = None
    tracking_uri: str | None = None

    def networks(self, study: str) -> Path:
        """The folder of a study's trained weights."""
        return self.home / "checkpoints" / study

    def browse(self) -> str:
        """How to look at the runs in MLflow."""
        if self.tracking_uri and self.tracking_uri.startswith("http"):
            return self.tracking_uri
        where = "" if self.home == Path("studies") else f" --home {shlex.quote(str(self.home))}"
        return f"hpsearch ui{where}" + (
            f" --tracking-uri {shlex.quote(self.tracking_uri)}" if self.tracking_uri else ""
        )

    def report(self, study: str) -> Path:
        """A study's HTML page."""
        return self.home / "reports" / f"{study}.html"


def run_study(file: StudyFile, workspace: Workspace, console: Console, *, verbose: bool) -> int:
    """Run to the total, or until stopped. Returns the exit code: 0, or 130 where somebody stopped it."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    logging.captureWarnings(True)
    job = _job(file, workspace)
    kind = "inline" if file.execution.executor == "auto" else file.execution.executor
    # Before anything is written: data that can't be split or a GPU that is not there is bad input.
    executor: Executor = registry.load("executor", kind)(job)
    with closing(executor), only_coordinator(workspace.home, file.name):
        storage = open_storage(workspace.home, workspace.storage, write=True)
        assert storage is not None
        study = SearchStudy(storage, file, dump_study(file))
        with Tracker(workspace.home, file.name, workspace.tracking_uri, study.created) as tracker:
            tracker.study(dump_study(file), _facts(file), {})
            listener = partial(say_ended, console, file.objective.metric) if verbose else None
            coordinator = Coordinator(study, executor, tracker, job.weights, listener)
            began = coordinator.tally.finished
            stopped = _loop(coordinator, file, console)
            done = coordinator.tally.finished
            if began == done and not stopped:
                console.print(f"{file.name}: nothing left to train, all {done} trials are done")
            record = study.record()
            page = publish(record, workspace.report(file.name), job.weights, tracker, stopped=bool(stopped))
            counts = tracker.finish(FINISH_SECONDS)
        closing_lines(record, total(file), page, workspace.browse(), stopped, console)
        check(record, counts, tracker.reason, console)
        return 130 if stopped == "signal" else 0


def _job(file: StudyFile, workspace: Workspace) -> Job:
    stack = STACK if file.execution.stack == "auto" else file.execution.stack
    return Job(
        data=file.data.name,
        split=file.data.split.model_dump(),
        normalize=file.data.normalize,
        data_seed=file.data.seed,
        model=file.model,
        device=file.execution.device,
        stack=stack,
        weights=workspace.networks(file.name),
    )


def _loop(coordinator: Coordinator, file: StudyFile, console: Console) -> str:
    """Step until the study is done or somebody stops it. Returns "" or why it stopped."""
    deadline = None if file.search.timeout is None else time.monotonic() + file.search.timeout
    with Stopping() as stopping, display(console, file.name, file.objective.metric, total(file)) as shown:
        shown.update(coordinator)
        while coordinator.step():
            shown.update(coordinator)
            if stopping.asked:
                return "signal"
            if deadline is not None and time.monotonic() > deadline:
                return "timeout"
    return ""


def _facts(file: StudyFile) -> dict[str, str | int | float | bool | None]:
    """What MLflow shows as the study's own parameters."""
    return {
        "data": file.data.name,
        "model": file.model,
        "metric": file.objective.metric,
        "direction": file.objective.direction,
        "sampler": file.search.sampler,
        "pruner": file.search.pruner,
        "seed": file.search.seed,
        "slots": file.search.slots,
    }
