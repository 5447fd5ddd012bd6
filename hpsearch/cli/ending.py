"""After the last trial: the report, the artifacts, what to say, and whether MLflow holds what the study holds."""

from __future__ import annotations

import json
from pathlib import Path

import click
from rich.console import Console

from hpsearch.cli.effort import Effort
from hpsearch.cli.printing import say
from hpsearch.reports.failures import failure_classes
from hpsearch.reports.page import write_page
from hpsearch.reports.words import counted
from hpsearch.search.records import StudyRecord
from hpsearch.tracking.counts import Counts
from hpsearch.tracking.tracker import Tracker
from hpsearch.training import network_files


def publish(
    record: StudyRecord,
    page: Path,
    networks: Path,
    tracker: Tracker,
    effort: Effort,
    *,
    stopped: bool,
    mlflow: str | None = None,
) -> Path:
    """Write the report, and give it and the best network to MLflow; `mlflow` is the address of the study there."""
    write_page(record, page, mlflow=mlflow)
    tracker.artifact(page, "report")
    best = record.best
    if best is not None and network_files.last(networks, best.number).exists():
        facts = {
            "trial": best.number,
            record.metric: best.value,
            **best.objectives,
            "seed": best.seed,
            "values": dict(best.values),
        }
        about = networks / "best.json"
        about.write_text(json.dumps(facts, indent=2) + "\n")
        tracker.artifact(about, "best")
        for file in (network_files.last(networks, best.number), network_files.best(networks, best.number)):
            if file.exists():
                tracker.artifact(file, "best")
    if stopped:
        tracker.interrupted()
    else:
        metrics = {"devices_busy": effort.busy, "bookkeeping": effort.bookkeeping} if effort.epochs else {}
        if best is not None and best.value is not None:
            metrics[f"best_{record.metric}"] = best.value
        tags = {} if best is None else {"hpsearch.best_trial": str(best.number)}
        tracker.study_ended("FINISHED", metrics, tags)
    return page


def closing_lines(record: StudyRecord, page: Path, browse: str, console: Console) -> None:
    """Say how it ended, where the report is, and how to look at the runs."""
    done = [trial for trial in record.trials if trial.finished]
    states = [("complete", "COMPLETE"), ("pruned", "PRUNED"), ("failed", "FAIL")]
    by_state = {word: sum(t.state == state and not t.failure for t in done) for word, state in states}
    by_state["failed"] = sum(bool(t.failure) for t in done)
    parts = ", ".join(f"{count} {word}" for word, count in by_state.items() if count)
    untrained = {
        "repeat an earlier one": sum(trial.repeats is not None for trial in done),
        "known from another study": sum(trial.known is not None for trial in done),
    }
    parts += "".join(f"; {count} {what}" for what, count in untrained.items() if count)
    say(console, f"{record.name}: {len(done)} of {record.total} trials" + (f" ({parts})" if parts else ""))
    for failures in failure_classes(record):
        say(console, f"failed: {failures.line()}")
    if traceback := next((trial.traceback for trial in done if trial.traceback), ""):
        say(console, traceback.rstrip())
    best = record.best
    if best is not None and best.value is not None:
        found = "; ".join(finding.name.replace("_", " ") for finding in best.diagnosis)
        say(console, f"best {record.metric} {best.value:.4f}, trial {best.number}" + (f" ({found})" if found else ""))
    if front := record.front:
        names = " and ".join(metric for metric, _ in record.objectives)
        say(console, f"front of {names}: {counted(len(front), 'trial')}, which hpsearch best {record.name} shows")
    say(console, f"report: {page}")
    say(console, f"MLflow's pages: {browse}")


def check(record: StudyRecord, counts: Counts | None, reason: str, console: Console) -> None:
    """Compare MLflow's runs with the study's trials, and say what came of it."""
    if counts is None:
        say(console, f"MLflow is behind: {reason}; the next run of this study delivers the rest")
        return
    differences = disagreements(record, counts)
    said = (
        f"{counts.parents} parent and {counts.children} child runs, {counts.finished} FINISHED, "
        f"{counts.killed} KILLED, {counts.failed} FAILED, {counts.running} RUNNING; "
        f"{counts.with_params} with parameters, {counts.with_epochs} with an epoch series"
    )
    if differences:  # an error, which is said to who wants quiet too
        click.echo(f"MLflow: {said}: NOT as in the study: {'; '.join(differences)}", err=True)
    else:
        say(console, f"MLflow: {said}: as in the study", prose=True)


def disagreements(record: StudyRecord, counts: Counts) -> list[str]:
    """Where MLflow's counts differ from the study's: one line each."""
    trials = record.trials
    killed = sum(t.state == "PRUNED" for t in trials)
    failed = sum(t.finished and (t.failure is not None or t.state == "FAIL") for t in trials)
    expected = {
        "parents": 1,
        "children": len(trials),
        "finished": sum(t.finished for t in trials) - killed - failed,
        "killed": killed,
        "failed": failed,
        "running": 0,
        "scheduled": sum(not t.finished for t in trials),
        "with_params": len(trials),
        "not_sent": 0,
    }
    found = {name: getattr(counts, name) for name in expected}
    lines = [f"{name} {found[name]}, not {count}" for name, count in expected.items() if found[name] != count]
    with_epochs = sum(t.finished and t.history.epochs > 0 for t in trials)
    if counts.with_epochs < with_epochs:
        lines.append(f"with_epochs {counts.with_epochs}, not {with_epochs}")
    return lines
