"""Commands that read: `status`, `studies`, `trials`, `best`, `show`. They disturb no run and write nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    print_object(summary(read_study(opened, name), home, opened), output_format)


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

    keys = ("study", "metric", "best", "best_trial", "finished", "total", "pruned", "failed", "state", "pid")
    opened = open_storage(home, storage, write=False)
    summaries = [summary(record, home, opened) for record in read_studies(opened)]
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
    record = read(study, home, storage)
    rows = [_row(trial, record.objectives) for trial in record.trials]
    if output_format == "table":
        shown = ["epochs", "seconds", "params"]
        for key in ("failure", "repeats", "known"):
            if any(row[key] is not None for row in rows):
                shown.insert(-1, key)
        rows = [{**_columns(row), **{key: row[key] for key in shown}} for row in rows]
    print_rows(rows, output_format, empty="no trials yet")


@click.command()
@click.argument("study")
@options.output_format
@options.workspace
def best(study: str, output_format: str, home: Path, storage: str | None) -> None:
    """Show the best trial of STUDY: its value, its hyperparameters, its seed.

    Of several objectives, the trials that no other one beats in all of them (the Pareto front).

    \b
    hpsearch best digits-mlp --format json
    """
    record = read(study, home, storage)
    if record.best is None:
        ended = len(record.trials) == record.total and all(trial.finished for trial in record.trials)
        raise InputError(f"no trial of {study!r} " + ("came to a good end" if ended else "is complete yet"))
    where = Workspace(home)
    if not record.objectives:
        print_object(whole(record.best, (), study, where, output_format), output_format)
        return
    rows = [whole(trial, record.objectives, study, where, output_format) for trial in record.front]
    if output_format == "table":
        rows = [{**_columns(row), "params": dict(trial.params)} for row, trial in zip(rows, record.front, strict=True)]
    print_rows(rows, output_format, empty="")


@click.command()
@click.argument("study")
@click.argument("trial", type=int)
@options.output_format
@options.workspace
def show(study: str, trial: int, output_format: str, home: Path, storage: str | None) -> None:
    """Show one TRIAL of STUDY: what `best` shows of the best one.

    \b
    hpsearch show digits-mlp 3 --format json
    """
    record = read(study, home, storage)
    found = next((one for one in record.trials if one.number == trial), None)
    if found is None:
        have = f"it has 0 to {record.trials[-1].number}" if record.trials else "it has none yet"
        raise InputError(f"study {study!r} has no trial {trial}", hint=have)
    print_object(whole(found, record.objectives, study, Workspace(home), output_format), output_format)


def whole(
    trial: Any, objectives: Sequence[tuple[str, str]], study: str, where: Workspace, output_format: str
) -> dict[str, Any]:
    """A trial with all its values, who trained it, and where its network is."""
    found = _row(trial, objectives)
    found["params"] = dict(trial.values)
    found["diagnosis"] = {one.name: f"{one.sentence} {one.advice}".strip() for one in trial.diagnosis}
    found["trained_by"] = _trained_by(trial, output_format)
    of, _, number = (trial.known or f"{study}/{trial.number}").partition("/")
    network = network_files.last(where.networks(of), int(number))
    found["weights"] = str(network) if network.exists() else None
    return found


def _trained_by(trial: Any, output_format: str) -> Any:
    """Which worker trained a trial in what stacks: for programs each change of them, for people a line."""
    if output_format == "json":
        return [placement._asdict() for placement in trial.history.trained_by]
    from hpsearch.search.placement import stays

    return "; ".join(stay.sentence() for stay in stays(trial.history)) or None


def _columns(row: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a table that come first: which trial, and its value, or several and what its network costs."""
    values = {**row["objectives"], **row.get("costs", {})} if "objectives" in row else {"value": row["value"]}
    return {"number": row["number"], "state": row["state"], **values}


def summary(record: Any, home: Path, storage: Any) -> dict[str, Any]:
    """A study's state in one flat object: "under way" or "paused", by whom and since when, or "stopped" or "done".

    Trials that have begun and not ended are `running`, or `waiting` where nobody trains them.
    """
    from hpsearch.cli.lock import holder

    finished = [trial for trial in record.trials if trial.finished]
    revisions = record.revisions
    first = min((trial.started for trial in record.trials), default=None)
    last = max((trial.ended for trial in finished), default=None)
    held = holder(home, record.name, storage)
    under_way = len(record.trials) - len(finished)
    idle = held is None or held.state == "paused"
    until = datetime.now() if held else last
    resting = "stopped" if under_way or not finished else "done"
    return {
        "study": record.name,
        "metric": record.metric,
        "direction": record.direction,
        "best": record.best.value if record.best else None,
        "best_trial": record.best.number if record.best else None,
        **_several(record),
        "finished": len(finished),
        "total": record.total,
        "complete": sum(t.state == "COMPLETE" and t.failure is None for t in finished),
        "pruned": sum(t.state == "PRUNED" for t in finished),
        "failed": sum(t.failure is not None for t in finished),
        "running": 0 if idle else under_way,
        "waiting": under_way if idle else 0,
        "state": held.state if held else resting,
        "elapsed": round((until - first).total_seconds(), 3) if first and until else 0.0,
        "pid": held.pid if held else None,
        "host": held.host if held else None,
        "since": datetime.fromtimestamp(held.since).isoformat(" ", "seconds") if held else None,
        "devices": record.effort,
        **({"changed": {f"from trial {n}": "; ".join(what) for n, what in revisions}} if revisions else {}),
    }


def _several(record: Any) -> dict[str, Any]:
    """What there is to say beside the best trial where there are several objectives."""
    if not record.objectives:
        return {}
    return {"objectives": dict(record.objectives), "front": [trial.number for trial in record.front]}


def _row(trial: Any, objectives: Sequence[tuple[str, str]]) -> dict[str, Any]:
    return {
        "number": trial.number,
        "state": trial.state,
        "value": trial.value,
        **({"objectives": {name: trial.objectives.get(name) for name, _ in objectives}} if objectives else {}),
        **({"costs": dict(trial.costs)} if trial.costs else {}),
        "params": dict(trial.params),
        "seed": trial.seed,
        "epochs": trial.history.epochs,
        "seconds": trial.seconds,
        "failure": trial.failure.value if trial.failure else None,
        "diagnosis": ", ".join(finding.name for finding in trial.diagnosis),
        "repeats": trial.repeats,
        "known": trial.known,
    }


def read(study: str, home: Path, storage: str | None) -> Any:
    """A study as it stands. Raises InputError for one that is not there."""
    from hpsearch.search.reading import read_study
    from hpsearch.search.storage import open_storage

    return read_study(open_storage(home, storage, write=False), study)
