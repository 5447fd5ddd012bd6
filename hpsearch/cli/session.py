"""A run of a study from the open workspace to the checked record: what `run` and `resume` share."""

from __future__ import annotations

import math
import os
import time
from contextlib import ExitStack, closing
from functools import partial
from importlib import import_module

import optuna
from rich.console import Console

from hpsearch import registry
from hpsearch.cli.display import display, say_ended
from hpsearch.cli.effort import Clock, opening_line, stacks_line
from hpsearch.cli.ending import check, closing_lines, publish
from hpsearch.cli.lock import only_coordinator
from hpsearch.cli.printing import say, waiting, warnings_said
from hpsearch.cli.stopping import Stopping
from hpsearch.cli.workspace import Workspace
from hpsearch.errors import InputError
from hpsearch.execution.devices import check_precision, places
from hpsearch.execution.executor import Executor, Job
from hpsearch.run import Coordinator
from hpsearch.search.revisions import changed
from hpsearch.search.storage import open_storage
from hpsearch.search.study import SearchStudy
from hpsearch.search.warm_start import resolve
from hpsearch.space.load import dump_study
from hpsearch.space.study_file import StudyFile
from hpsearch.tracking.tracker import Tracker
from hpsearch.training.data.arrays import Source

LOOK_SECONDS = 0.5  # between two looks at whether somebody wants to stop
FINISH_SECONDS = 120.0


def run_study(file: StudyFile, workspace: Workspace, console: Console, *, verbose: bool) -> int:
    """Run to the total, or until stopped.

    Returns the exit code: 0, 1 where no trial came to a good end, or 130 where somebody stopped it.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with ExitStack() as stack:
        stack.enter_context(warnings_said(console))
        with console.status("starting"):
            if file.search.warm_start is not None:  # a study that is not there is bad input
                resolve(file, open_storage(workspace.home, workspace.storage, write=False))
            job = job_of(file, workspace)
            executor: Executor = stack.enter_context(closing(registry.load("executor", kind_of(file, job))(job)))
            if job.workers > 1:
                _import_ahead()
            # Before anything is written: data that can't be split or a GPU that is not there is bad input.
            checked = executor.check(file)
            say(console, opening_line(file, executor.usage()))
            for warning in checked.warnings:
                say(console, f"warning: {warning}")
            study = _open(file, workspace, stack, checked.fingerprint, console)
        try:
            return _run(study, executor, job, workspace, console, verbose=verbose)
        except KeyboardInterrupt:
            say(console, f"stopped at once; nothing finished is lost: {workspace.resume(file.name)} goes on")
            return 130


def _open(file: StudyFile, workspace: Workspace, stack: ExitStack, data: str, console: Console) -> SearchStudy:
    """The study, locked for this process until the stack ends. Raises InputError for a home that takes nothing."""
    try:
        storage = open_storage(workspace.home, workspace.storage, write=True)
        stack.enter_context(only_coordinator(workspace.home, file.name))
    except OSError as error:
        raise InputError(f"--home {workspace.home}: cannot be written: {error.strerror}") from error
    assert storage is not None
    file = resolve(file, storage, data)
    for line in changed(storage, file):
        say(console, line)
    return SearchStudy(storage, file, dump_study(file), data)


def _run(
    study: SearchStudy,
    executor: Executor,
    job: Job,
    workspace: Workspace,
    console: Console,
    *,
    verbose: bool,
) -> int:
    file = study.file
    with Tracker(workspace.home, file.name, workspace.tracking_uri, study.created) as tracker:
        tracker.study(dump_study(file), _facts(file), {})
        listener = partial(say_ended, console, file.objective.metric) if verbose else None
        with console.status("starting"):
            coordinator = Coordinator(study, executor, tracker, listener)
        before = coordinator.tally.finished
        clock = Clock()
        stopped = _loop(coordinator, executor, file, console)
        effort = clock.effort(executor.usage(), coordinator.deciding + tracker.processor_seconds)
        if before == coordinator.tally.finished and not stopped:
            say(console, f"{file.name}: nothing left to train, all {before} trials are done")
        else:
            study.note_effort(effort.to_json())
        record = study.record()
        with waiting(console, "writing the report"):
            page = publish(record, workspace.report(file.name), job.weights, tracker, effort, stopped=bool(stopped))
        with waiting(console, "MLflow: writing the rest"):
            counts = tracker.finish(FINISH_SECONDS)
    closing_lines(record, page, workspace.browse(), console)
    if len(record.trials) < record.total and (assignments := study.exhausted) is not None:
        say(console, f"the space is exhausted: all {assignments} assignments have been tried")
    if effort.epochs:
        say(console, effort.line())
        if chosen := stacks_line(effort.kinds):
            say(console, chosen)
    if stopped:
        why = "the time is up" if stopped == "timeout" else "stopped"
        say(console, f"{why}; nothing is lost: {workspace.resume(file.name)} goes on")
    check(record, counts, tracker.reason, console)
    if stopped == "signal":
        return 130
    return 1 if record.best is None and not stopped else 0


def _import_ahead() -> None:
    """What the report needs takes a second to import: now, while other processes start and a core is idle."""
    import_module("hpsearch.reports.page")
    import_module("optuna.importance")


def job_of(file: StudyFile, workspace: Workspace) -> Job:
    """What an executor needs to know of a study. Raises InputError for a device that is not there."""
    execution = file.execution
    devices = places(execution.devices, execution.workers, file.search.slots)
    check_precision(file.training.precision, devices)
    workers = 1 if execution.executor == "inline" else min(len(devices), file.total)
    return Job(
        data=Source(**file.data.model_dump()),
        model=file.model,
        device=",".join(dict.fromkeys(devices)),
        stack=-(-file.search.slots // workers) if isinstance(execution.stack, str) else execution.stack,
        weights=workspace.networks(file.name),
        metric=file.objective.metric,
        direction=file.objective.direction,
        every=execution.checkpoints.every,
        disk=execution.checkpoints.disk,
        workers=workers,
        longest=file.search.trial_timeout,
        precision=file.training.precision,
        measured=execution.stack == "auto",
        sizes=workspace.home / "stack-sizes.json",
    )


def kind_of(file: StudyFile, job: Job) -> str:
    """The executor that `auto` means: with one worker there is no need for a process of its own."""
    if file.execution.executor != "auto":
        return file.execution.executor
    return "processes" if job.workers > 1 and "mps" not in job.device and hasattr(os, "fork") else "inline"


def _loop(coordinator: Coordinator, executor: Executor, file: StudyFile, console: Console) -> str:
    """Step until the study is done or somebody stops it, and save. Returns "" or why it stopped."""
    deadline = math.inf if file.search.timeout is None else time.monotonic() + file.search.timeout
    if deadline < math.inf:
        executor.end_by(deadline)
    shown = display(console, file.name, file.objective.metric, file.total)
    with shown, Stopping(shown.stopping) as stopping:
        shown.update(coordinator)
        why = ""
        while not why and coordinator.step(min(deadline, time.monotonic() + LOOK_SECONDS)):
            shown.update(coordinator)
            why = "signal" if stopping.asked else "timeout" if time.monotonic() >= deadline else ""
        # Saves the trials under way: before it is said, and before others may take up the study.
        executor.close()
    return why


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
        "precision": file.training.precision,
    }
