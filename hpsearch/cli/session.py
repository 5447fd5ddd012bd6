"""A run of a study from the open workspace to the checked record: what `run` and `resume` share."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

import optuna
from rich.console import Console

from hpsearch import registry
from hpsearch.cli.effort import enough_slots, opening_line, order_line, stacks_line
from hpsearch.cli.ending import check, closing_lines, publish
from hpsearch.cli.lock import Hold, only_coordinator
from hpsearch.cli.printing import say, waiting, warnings_said
from hpsearch.cli.searching import Searching, Terminal, same_data
from hpsearch.cli.stopping import Pausing
from hpsearch.cli.workspace import Workspace
from hpsearch.errors import InputError
from hpsearch.events import Scalar
from hpsearch.execution.devices import check_precision, places
from hpsearch.execution.executor import Checked, Executor, Job
from hpsearch.reports.page import link_runs
from hpsearch.search.limits import Costs, check_limits
from hpsearch.search.revisions import changed
from hpsearch.search.storage import open_storage
from hpsearch.search.study import SearchStudy
from hpsearch.search.warm_start import resolve
from hpsearch.space.load import dump_study
from hpsearch.space.study_file import StudyFile
from hpsearch.tracking.mirror_process import mirror_ahead
from hpsearch.tracking.provenance import provenance
from hpsearch.tracking.tracker import Tracker
from hpsearch.training.data.arrays import Source

FINISH_SECONDS = 120.0


def run_study(
    file: StudyFile, workspace: Workspace, console: Console, *, verbose: bool, group: str | None = None
) -> int:
    """Run to the total, or until stopped. `group` is what this study is one of the repeats of.

    Returns the exit code: 0, 1 where no trial came to a good end, or 130 where somebody stopped it.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with ExitStack() as stack:
        stack.enter_context(warnings_said(console))
        pausing = stack.enter_context(Pausing())
        mirror = stack.enter_context(mirror_ahead())
        with console.status("starting"):
            if file.search.warm_start is not None:  # a study that is not there is bad input
                resolve(file, open_storage(workspace.home, workspace.storage, write=False))
            job = job_of(file, workspace)

            def new_executor() -> Executor:
                executor: Executor = registry.load("executor", kind_of(file, job))(job)
                return stack.enter_context(closing(executor))

            executor = new_executor()
            # Before anything is written: data that can't be split or a GPU that is not there is bad input.
            checked = executor.check(file)
            say(console, opening_line(file, executor.usage()))
            for warning in checked.warnings:
                say(console, f"warning: {warning}")
            check_limits(file, executor.costs)

            def costs(values: Mapping[str, Scalar]) -> Mapping[str, int]:
                return executor.costs(values)

            study, hold = _open(file, workspace, stack, checked, costs, console)
            if group is not None:
                study.join(group)
        terminal = Terminal(console, verbose, workspace.resume(file.name))

        def again() -> Executor:
            nonlocal executor
            executor = same_data(new_executor(), study, checked.fingerprint)
            return executor

        try:
            tracker = Tracker(workspace.home, file.name, workspace.tracking_uri, study.created, mirror)
            searching = Searching(study, executor, again, hold, terminal)
            return _run(searching, study, job, workspace, terminal, pausing, tracker)
        except KeyboardInterrupt:
            say(console, f"stopped at once; nothing finished is lost: {terminal.resume} goes on")
            return 130


def _open(
    file: StudyFile, workspace: Workspace, stack: ExitStack, checked: Checked, costs: Costs, console: Console
) -> tuple[SearchStudy, Hold]:
    """The study, held by this process until the stack ends. Raises InputError for a home that takes nothing."""
    try:
        storage = open_storage(workspace.home, workspace.storage, write=True)
        hold = stack.enter_context(only_coordinator(workspace.home, file.name, storage, partial(say, console)))
    except OSError as error:
        raise InputError(f"--home {workspace.home}: cannot be written: {error.strerror}") from error
    assert storage is not None
    file = resolve(file, storage, checked.fingerprint)
    for line in changed(storage, file):
        say(console, line)
    return SearchStudy(storage, file, dump_study(file), checked.fingerprint, costs, checked.samples), hold


def _run(
    searching: Searching,
    study: SearchStudy,
    job: Job,
    workspace: Workspace,
    terminal: Terminal,
    pausing: Pausing,
    tracker: Tracker,
) -> int:
    file, console = study.file, terminal.console
    with tracker:
        begun = partial(tracker.study, dump_study(file), _facts(file), {})
        stopped = searching.run(tracker, begun, pausing)
        effort = searching.effort(tracker)
        if not searching.trained and not stopped:
            say(console, f"{file.name}: nothing left to train, all {searching.finished} trials are done")
        else:
            study.note_effort(effort.to_json())
            study.note_provenance(provenance(Path.cwd()))
        record = study.record()
        with waiting(console, "writing the report"):
            link, path = workspace.run_page(file.name, record.created), workspace.report(file.name)
            page = publish(record, path, job.weights, tracker, effort, stopped=bool(stopped), mlflow=link)
        with waiting(console, "MLflow: writing the rest"):
            counts = tracker.finish(FINISH_SECONDS)
            link_runs(page, workspace.run_links(file.name, record.created))
    closing_lines(record, page, workspace.browse(), console)
    if len(record.trials) < record.total:
        if (assignments := study.exhausted) is not None:
            say(console, f"the space is exhausted: all {assignments} assignments have been tried")
        elif (limit := searching.limit) is not None:
            say(console, f"search.{limit} has ended the search; --set search.{limit}=null lets it go on")
    if effort.epochs:
        say(console, effort.line(), prose=True)
        if chosen := stacks_line(effort.kinds, enough_slots(file, effort.workers)):
            say(console, chosen, prose=True)
        if advice := order_line(effort, file, study.predicted_ticks(record.trials)):
            say(console, advice, prose=True)
    if stopped:
        why = "the time is up" if stopped == "timeout" else "stopped"
        say(console, f"{why}; nothing is lost: {terminal.resume} goes on")
    check(record, counts, tracker.reason, console)
    if stopped == "signal":
        return 130
    return 1 if record.best is None and not stopped else 0


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


def _facts(file: StudyFile) -> dict[str, str | int | float | bool | None]:
    """What MLflow shows as the study's own parameters."""
    several = ", ".join(f"{objective.direction} {objective.metric}" for objective in file.objectives)
    return {
        **({"objectives": several} if len(file.objectives) > 1 else {}),
        "data": file.data.name,
        "model": file.model,
        "metric": file.objective.metric,
        "direction": file.objective.direction,
        "sampler": str(file.search.sampler),
        "pruner": file.search.pruner,
        "seed": file.search.seed,
        "slots": file.search.slots,
        "order": file.search.order,
        "ticks": file.search.ticks,
        "precision": file.training.precision,
    }
