"""A run of a study from the open workspace to the checked record: what `run` and `resume` share."""

from __future__ import annotations

import time
from contextlib import ExitStack, closing
from functools import partial

import optuna
from rich.console import Console

from hpsearch import registry
from hpsearch.cli.display import display, say_ended
from hpsearch.cli.ending import check, closing_lines, publish
from hpsearch.cli.lock import only_coordinator
from hpsearch.cli.printing import say, waiting, warnings_said
from hpsearch.cli.stopping import Stopping
from hpsearch.cli.workspace import Workspace
from hpsearch.errors import InputError
from hpsearch.execution.devices import resolve
from hpsearch.execution.executor import Executor, Job
from hpsearch.execution.suitability import check as check_suitability
from hpsearch.run import Coordinator
from hpsearch.search.storage import open_storage
from hpsearch.search.study import SearchStudy
from hpsearch.space.load import dump_study
from hpsearch.space.study_file import StudyFile
from hpsearch.tracking.tracker import Tracker
from hpsearch.training.data.arrays import Source
from hpsearch.training.data.prepare import prepare
from hpsearch.training.hyperparameters import CONVOLUTIONAL

STACK = 16  # the largest stack where the file says auto: beyond it small networks gain little on one core
FINISH_SECONDS = 120.0


def run_study(file: StudyFile, workspace: Workspace, console: Console, *, verbose: bool) -> int:
    """Run to the total, or until stopped.

    Returns the exit code: 0, 1 where no trial came to a good end, or 130 where somebody stopped it.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with ExitStack() as stack:
        stack.enter_context(warnings_said(console))
        with console.status("starting"):
            job = job_of(file, workspace)
            data = prepare(job.data)
            warnings = check_suitability(file, data)
            trials = f"{file.total} trial{'' if file.total == 1 else 's'}"
            say(console, f"{file.name}: {trials}, sampler {file.search.sampler}, pruner {file.search.pruner}")
            for warning in warnings:
                say(console, f"warning: {warning}")
            kind = "inline" if file.execution.executor == "auto" else file.execution.executor
            # Before anything is written: data that can't be split or a GPU that is not there is bad input.
            executor: Executor = stack.enter_context(closing(registry.load("executor", kind)(job)))
            study = _open(file, workspace, stack, data.fingerprint)
        try:
            return _run(study, executor, job, workspace, console, verbose=verbose)
        except KeyboardInterrupt:
            say(console, f"stopped at once; nothing finished is lost: {workspace.resume(file.name)} goes on")
            return 130


def _open(file: StudyFile, workspace: Workspace, stack: ExitStack, data: str) -> SearchStudy:
    """The study, locked for this process until the stack ends. Raises InputError for a home that takes nothing."""
    try:
        storage = open_storage(workspace.home, workspace.storage, write=True)
        stack.enter_context(only_coordinator(workspace.home, file.name))
    except OSError as error:
        raise InputError(f"--home {workspace.home}: cannot be written: {error.strerror}") from error
    assert storage is not None
    return SearchStudy(storage, file, dump_study(file), data)


def _run(
    study: SearchStudy, executor: Executor, job: Job, workspace: Workspace, console: Console, *, verbose: bool
) -> int:
    file = study.file
    with Tracker(workspace.home, file.name, workspace.tracking_uri, study.created) as tracker:
        tracker.study(dump_study(file), _facts(file), {})
        listener = partial(say_ended, console, file.objective.metric) if verbose else None
        with console.status("starting"):
            coordinator = Coordinator(study, executor, tracker, listener)
        began = coordinator.tally.finished
        # Closing saves the trials under way: before it is said, and before others may take up the study.
        with closing(executor):
            stopped = _loop(coordinator, file, console)
        if began == coordinator.tally.finished and not stopped:
            say(console, f"{file.name}: nothing left to train, all {began} trials are done")
        record = study.record()
        with waiting(console, "writing the report"):
            page = publish(record, workspace.report(file.name), job.weights, tracker, stopped=bool(stopped))
        with waiting(console, "MLflow: writing the rest"):
            counts = tracker.finish(FINISH_SECONDS)
    closing_lines(record, page, workspace.browse(), console)
    if stopped:
        why = "the time is up" if stopped == "timeout" else "stopped"
        say(console, f"{why}; nothing is lost: {workspace.resume(file.name)} goes on")
    check(record, counts, tracker.reason, console)
    if stopped == "signal":
        return 130
    return 1 if record.best is None and not stopped else 0


def job_of(file: StudyFile, workspace: Workspace) -> Job:
    """What an executor needs to know of a study."""
    # On a CPU convolutions gain nothing from company, and take the memory of all.
    alone = file.model in CONVOLUTIONAL and resolve(file.execution.device) == "cpu"
    auto = 1 if alone else STACK
    stack = auto if file.execution.stack == "auto" else file.execution.stack
    return Job(
        data=Source(**file.data.model_dump()),
        model=file.model,
        device=file.execution.device,
        stack=stack,
        weights=workspace.networks(file.name),
        metric=file.objective.metric,
        direction=file.objective.direction,
        every=file.execution.checkpoints.every,
        disk=file.execution.checkpoints.disk,
    )


def _loop(coordinator: Coordinator, file: StudyFile, console: Console) -> str:
    """Step until the study is done or somebody stops it. Returns "" or why it stopped."""
    deadline = None if file.search.timeout is None else time.monotonic() + file.search.timeout
    shown = display(console, file.name, file.objective.metric, file.total)
    with shown, Stopping(shown.stopping) as stopping:
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
