"""`hpsearch figures`."""

from __future__ import annotations

import inspect
import sys

import click


@click.command()
def figures() -> None:
    """List the figures that a report's dashboard may have, with their options. Installed packages may add some.

    \b
    hpsearch figures
    """
    from hpsearch import registry
    from hpsearch.errors import InputError
    from hpsearch.reports.dashboard import described_options
    from hpsearch.reports.figure import Figure

    for name in registry.names("figure"):
        figure = registry.load("figure", name)
        if not isinstance(figure, Figure):
            raise InputError(f"{name} is not a figure: it has no compute and draw")
        text = inspect.getdoc(sys.modules[figure.compute.__module__]) or inspect.getdoc(figure.compute) or ""
        click.echo(f"{name:22}{text.partition(chr(10))[0]}")
        for option in described_options(figure.compute):
            click.echo(f"{'':22}  {option}")
