"""`hpsearch ui`."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import click

from hpsearch.cli import options
from hpsearch.errors import HpsearchError, InputError


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=5000, show_default=True, help="The port to listen on.")
@options.home
@options.tracking_uri
def ui(port: int, home: Path, tracking_uri: str | None) -> int:
    """Serve MLflow's pages over this workspace's record, on 127.0.0.1 only. Ctrl-C ends it.

    \b
    hpsearch ui --port 5001
    """
    from hpsearch.tracking.ui import UI_ENVIRONMENT, ui_command

    if tracking_uri is None and not (home / "mlflow.db").exists():
        raise InputError(f"there is no MLflow record in {home} yet", hint="hpsearch run FILE makes one")
    command = ui_command(home, tracking_uri, port)
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise HpsearchError(f"port {port} is in use; another one: hpsearch ui --port {port + 1}")
    click.echo(f"MLflow is at http://127.0.0.1:{port} (Ctrl-C ends it)")
    return subprocess.run(command, env={**os.environ, **UI_ENVIRONMENT}, check=False).returncode
