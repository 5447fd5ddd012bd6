"""Commands that read: `status`, `studies`, `trials`, `best`. They disturb no run and write nothing."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from hpsearch.cli import options
from hpsearch.cli.printing import print_object, print_rows
from hpsearch.cli.workspace import Workspace
from hpsearch.errors import InputError
from hpsearch.training import network_files


@click.command()
@click.argument("study", required=False)
@options.output_format
@options.workspace
def status(study: str | None, output_format: str, home: Path, storage: str | None) -> None:
    """How far STUDY is; without a name, the newest one. Safe while it runs.

    \b
    hpsearch status digits-mlp --format json
    """
    from hpsearch.search.reading import newest, read_study
    from hpsearch.search.storage import open_storage

    opened = open_storage(home, storage, write=False)
    name = study or newest(opened)
    if name is None:
        raise InputError(f"there are no studies in {home} yet", hint="hpsearch run FILE makes one")
    print_object(summary(read_study(opened, name), home, storage), output_format)


@click.command()
@options.output_format
@options.workspace
def studies(output_format: str, home: Path, storage: str | None) -> None:
    """List the studies of this workspace, the newest first.

    \b
    hpsearch studies --format json
    """
    from hpsearch.search.reading import read_studies
    from hpsearch.search.storage import open_storage

    keys = ("study", "metric", "best", "best_trial", "finished", "total", "pruned", "failed", "pid")
    records = read_studies(open_storage(home, storage, write=False))
    summaries = [summary(record, home, storage) for record in records]
    rows = [{key: facts[key] for key in keys} for facts in summaries]
    print_rows(rows, output_format, empty=f"no studies in {home} yet")


@click.command()
@click.argument("study")
@options.output_format
@options.workspace
def trials(study: str, output_format: str, home: Path, storage: str | None) -> None:
    """List the trials of STUDY.

    \b
    hpsearch trials digits-mlp --format csv > trials.csv
    """
    record = _read(study, home, storage)
    rows = [_row(trial) for trial in record.trials]
    if output_format == "table":
        shown = ["number", "state", "value", "epochs", "seconds", "params"]
        for key in ("failure", "repeats", "known"):
            if any(row[key] is not None for row in rows):
                shown.insert(-1, key)
        rows = [{key: row[key] for key in shown} for row in rows]
    print_rows(rows, output_format, empty="no trials yet")


@click.command()
@click.argument("study")
@options.output_format
@options.workspace
def best(study: str, output_format: str, home: Path, storage: str | None) -> None:
    """Show the best trial of STUDY: its value, its hyperparameters, its seed.

    \b
    hpsearch best digits-mlp --format json
    """
    record = _read(study, home, storage)
    if record.best is None:
        ended = len(record.trials) == record.total and all(trial.finished for trial in record.trials)
        raise InputError(f"no trial of {study!r} " + ("came to a good end" if ended else "is complete yet"))
    found = _row(record.best)
    found["params"] = dict(record.best.values)
    found["diagnosis"] = {one.name: f"{one.sentence} {one.advice}".strip() for one in record.best.diagnosis}
    of, _, number = (record.best.known or f"{study}/{record.best.number}").partition("/")
    network = network_files.last(Workspace(home).networks(of), int(number))
    found["weights"] = str(network) if network.exists() else None
    print_object(found, output_format)


def summary(record: Any, home: Path, storage: str | None) -> dict[str, Any]:
    """A study's state in one flat object.

    Trials under way are `running`, or `waiting` where no process of this machine runs the study; of a storage
    that other machines may share, that can't be known.
    """
    from hpsearch.cli.lock import holder

    finished = [trial for trial in record.trials if trial.finished]
    revisions = record.revisions
    first = min((trial.started for trial in record.trials), default=None)
    last = max((trial.ended for trial in finished), default=None)
    pid = holder(home, record.name)
    under_way = len(record.trials) - len(finished)
    stopped = pid is None and storage is None
    until = datetime.now() if pid else last
    return {
        "study": record.name,
        "metric": record.metric,
        "direction": record.direction,
        "best": record.best.value if record.best else None,
        "best_trial": record.best.number if record.best else None,
        "finished": len(finished),
        "total": record.total,
        "complete": sum(t.state == "COMPLETE" and t.failure is None for t in finished),
        "pruned": sum(t.state == "PRUNED" for t in finished),
        "failed": sum(t.failure is not None for t in finished),
        "running": 0 if stopped else under_way,
        "waiting": under_way if stopped else 0,
        "elapsed": round((until - first).total_seconds(), 3) if first and until else 0.0,
        "pid": pid,
        "devices": record.effort,
        **({"changed": {f"from trial {n}": "; ".join(what) for n, what in revisions}} if revisions else {}),
    }


def _row(trial: Any) -> dict[str, Any]:
    return {
        "number": trial.number,
        "state": trial.state,
        "value": trial.value,
        "params": dict(trial.params),
        "seed": trial.seed,
        "epochs": trial.history.epochs,
        "seconds": trial.seconds,
        "failure": trial.failure.value if trial.failure else None,
        "diagnosis": ", ".join(finding.name for finding in trial.diagnosis),
        "repeats": trial.repeats,
        "known": trial.known,
    }


def _read(study: str, home: Path, storage: str | None) -> Any:
    from hpsearch.search.reading import read_study
    from hpsearch.search.storage import open_storage

    return read_study(open_storage(home, storage, write=False), study)
