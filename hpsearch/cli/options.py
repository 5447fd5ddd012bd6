"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

home: Decorator = click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("studies"),
    envvar="HPSEARCH_HOME",
    show_default=True,
    show_envvar=True,
    help="The workspace: journal, MLflow record, reports.",
)
storage: Decorator = click.option(
    "--storage",
    metavar="URL",
    envvar="OPTUNA_STORAGE",
    show_envvar=True,
    help="Another Optuna storage, such as postgresql+psycopg://…",
)


def _address(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    from hpsearch.tracking.address import check

    if value:
        check(value)
    return value


tracking_uri: Decorator = click.option(
    "--tracking-uri",
    metavar="URI",
    callback=_address,
    envvar="MLFLOW_TRACKING_URI",
    show_envvar=True,
    help="Another MLflow record, such as http://…",
)
output_format: Decorator = click.option(
    "--format",
    "output_format",
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
    help="How to print it.",
)
overrides: Decorator = click.option(
    "--set",
    "overrides",
    metavar="PATH=VALUE",
    multiple=True,
    help="Override any value of the file, such as hyperparameters.epochs=5. May be repeated.",
)


def workspace(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say where studies are kept."""
    return home(storage(function))
