"""`hpsearch report`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from hpsearch.cli import options
from hpsearch.cli.workspace import Workspace
from hpsearch.errors import InputError
from hpsearch.tracking.address import is_server

if TYPE_CHECKING:
    from hpsearch.search.records import StudyRecord


@click.command()
@click.argument("study")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Where to write it: a file, for pictures a folder."
)
@click.option("--dashboard", default="study", show_default=True, help="A dashboard's name, or its YAML file.")
@click.option(
    "--format",
    "kind",
    type=click.Choice(["html", "png", "svg"]),
    default="html",
    show_default=True,
    help="One page, or a picture of each figure (with kaleido and a Chromium).",
)
@click.option(
    "--mlflow-pages",
    metavar="URL",
    help="Where MLflow's pages are served: the study and each trial are links to their runs there. By default at "
    "--tracking-uri where that is a server, or else http://127.0.0.1:5000.",
)
@click.option("--watch", is_flag=True, help="Serve it on 127.0.0.1, and write it anew as trials end. Ctrl-C ends it.")
@click.option("--port", type=click.IntRange(1, 65535), help="The port for --watch; a free one by default.")
@options.workspace
@options.tracking_uri
def report(
    study: str,
    output: Path | None,
    dashboard: str,
    kind: Literal["html", "png", "svg"],
    mlflow_pages: str | None,
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
    from hpsearch.search.reading import read_study
    from hpsearch.search.storage import open_storage

    if port is not None and not watch:
        raise InputError("--port is for --watch", hint="hpsearch report STUDY --watch --port 8000")
    if watch and kind != "html":
        raise InputError("--watch serves a page, not pictures", hint="leave out --format")
    if mlflow_pages is not None and not is_server(mlflow_pages):
        raise InputError(f"--mlflow-pages {mlflow_pages}: no address of pages", hint="http://localhost:5000")
    workspace = Workspace(home, storage, tracking_uri)
    opened, path = open_storage(home, storage, write=False), output or workspace.report(study)
    record = read_study(opened, study)
    if kind != "html":
        from hpsearch.reports.pictures import write_pictures

        for picture in write_pictures(record, output or path.with_suffix(""), kind, dashboard):
            click.echo(picture)
        return 0
    from hpsearch.reports.page import write_page
    from hpsearch.tracking.pages import pages_at, run_page

    pages = (mlflow_pages or pages_at(tracking_uri)).rstrip("/")
    mlflow = run_page(home, study, record.created.timestamp(), pages)

    def write(record: StudyRecord, live: str = "") -> Path:
        runs = workspace.run_links(study, record.created, pages)
        return write_page(record, path, dashboard, runs=runs, mlflow=mlflow, live=live)

    if not watch:
        click.echo(write(record))
        return 0
    from hpsearch.cli.watch import watch as serve_and_watch

    return serve_and_watch(
        lambda: _standing(read_study(opened, study)),
        lambda live: write(read_study(opened, study), live),
        path,
        port or 0,
    )


def _standing(record: StudyRecord) -> str:
    """How a study stands, in a word that changes as trials begin and end."""
    ended = sum(trial.finished for trial in record.trials)
    return f"{record.created.timestamp():.0f}-{len(record.trials)}-{ended}"
