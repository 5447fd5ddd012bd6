"""`hpsearch report`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from hpsearch.cli import options
from hpsearch.cli.workspace import Workspace


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
    default="http://127.0.0.1:5000",
    show_default=True,
    help="Where MLflow's pages are served: the table links each trial to its run.",
)
@options.workspace
def report(
    study: str,
    output: Path | None,
    dashboard: str,
    kind: Literal["html", "png", "svg"],
    mlflow_pages: str,
    home: Path,
    storage: str | None,
) -> None:
    """Write STUDY's report: one HTML page that opens without a network. Prints where it is.

    \b
    hpsearch report digits-mlp --output digits.html
    """
    from hpsearch.search.reading import read_study
    from hpsearch.search.storage import open_storage

    record = read_study(open_storage(home, storage, write=False), study)
    page = Workspace(home).report(study)
    if kind != "html":
        from hpsearch.reports.pictures import write_pictures

        for path in write_pictures(record, output or page.with_suffix(""), kind, dashboard):
            click.echo(path)
        return
    from hpsearch.reports.page import write_page
    from hpsearch.tracking.run_links import run_links

    links = run_links(home, study, record.created.timestamp())
    runs = {number: f"{mlflow_pages.rstrip('/')}/#/{link}" for number, link in links.items()}
    click.echo(write_page(record, output or page, dashboard, runs=runs))
