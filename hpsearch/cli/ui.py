"""`hpsearch ui`."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import click
from rich.console import Console

from hpsearch.cli import options
from hpsearch.errors import HpsearchError, InputError

ENDING_SECONDS = 5.0


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
    command = [*ui_command(home, tracking_uri, port), "--uvicorn-opts", "--log-level warning"]
    if _answers(port):
        raise HpsearchError(f"port {port} is in use; another one: hpsearch ui --port {port % 65535 + 1}")
    environment = {**os.environ, **UI_ENVIRONMENT, "PYTHONWARNINGS": "ignore"}
    # A group of its own: the server starts processes that outlive it unless all are told to end.
    server = subprocess.Popen(command, env=environment, stdout=sys.__stderr__, start_new_session=True)
    try:
        with Console(stderr=True).status("starting MLflow"):
            while server.poll() is None and not _answers(port):
                time.sleep(0.1)
        if server.poll() is None:
            click.echo(f"MLflow is at http://127.0.0.1:{port} (Ctrl-C ends it)")
        return server.wait()
    finally:
        _end(server)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _end(server: subprocess.Popen[bytes]) -> None:
    for how in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(timeout=ENDING_SECONDS)
