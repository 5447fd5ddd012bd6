"""`hpsearch report`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from hpsearch.cli import options
from hpsearch.cli.workspace import Workspace
from hpsearch.errors import InputError


@click.command()
@click.argument("study")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Where to write it.")
@click.option("--dashboard", default="study", show_default=True, help="A dashboard's name, or its YAML file.")
@click.option("--watch", is_flag=True, help="Serve it on 127.0.0.1, and write it anew as trials end. Ctrl-C ends it.")
@click.option("--port", type=click.IntRange(1, 65535), help="The port for --watch; a free one by default.")
@options.workspace
@options.tracking_uri
def report(
    study: str,
    output: Path | None,
    dashboard: str,
    watch: bool,
    port: int | None,
    home: Path,
    storage: str | None,
    tracking_uri: str | None,
) -> int:
    """Write STUDY's report: one HTML page that opens without a network. Prints where it is.

    \b
    hpsearch report digits-mlp --output digits.html
    """
    from hpsearch.reports.page import write_page
    from hpsearch.search.reading import read_study
    from hpsearch.search.storage import open_storage

    if port is not None and not watch:
        raise InputError("--port is for --watch", hint="hpsearch report STUDY --watch --port 8000")
    workspace = Workspace(home, storage, tracking_uri)
    opened, path = open_storage(home, storage, write=False), output or workspace.report(study)
    record = read_study(opened, study)
    link = workspace.run_page(study, record.created)
    if not watch:
        click.echo(write_page(record, path, dashboard, mlflow=link))
        return 0
    from hpsearch.cli.watch import watch as serve_and_watch

    return serve_and_watch(
        lambda: _standing(read_study(opened, study)),
        lambda live: write_page(read_study(opened, study), path, dashboard, mlflow=link, live=live),
        path,
        port or 0,
    )


def _standing(record: Any) -> str:
    """How a study stands, in a word that changes as trials begin and end."""
    ended = sum(trial.finished for trial in record.trials)
    return f"{record.created.timestamp():.0f}-{len(record.trials)}-{ended}"
