"""`hpsearch report`."""

from __future__ import annotations

from pathlib import Path

import click

from hpsearch.cli import options
from hpsearch.cli.workspace import Workspace


@click.command()
@click.argument("study")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Where to write it.")
@click.option("--dashboard", default="study", show_default=True, help="A dashboard's name, or its YAML file.")
@options.workspace
def report(study: str, output: Path | None, dashboard: str, home: Path, storage: str | None) -> None:
    """Write STUDY's report: one HTML page that opens without a network. Prints where it is.

    \b
    hpsearch report digits-mlp --output digits.html
    """
    from hpsearch.reports.page import write_page
    from hpsearch.search.reading import read_study
    from hpsearch.search.storage import open_storage

    record = read_study(open_storage(home, storage, write=False), study)
    click.echo(write_page(record, output or Workspace(home).report(study), dashboard))
