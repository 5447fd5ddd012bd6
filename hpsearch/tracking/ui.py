"""Where the workspace's own MLflow record is, and the command that shows it in a browser."""

from __future__ import annotations

import sys
from pathlib import Path

from hpsearch.errors import InputError
from hpsearch.tracking.address import is_server, without_user

UI_ENVIRONMENT = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
"""To be added to the environment of `ui_command`: no job workers, which nobody here uses, no telemetry."""


def default_tracking_uri(home: Path) -> str:
    """The address of the workspace's own MLflow database, whatever characters its path has."""
    path = (home.resolve() / "mlflow.db").as_posix()
    if not set("%?#") & set(path):
        return f"sqlite:///{path}"
    from sqlalchemy.engine import URL  # how these are escaped differs between its versions

    return URL.create("sqlite", database=path).render_as_string(hide_password=False)


def artifact_folder(home: Path) -> Path:
    """Where the workspace's own MLflow record keeps files."""
    return home.resolve() / "mlartifacts"


def ui_command(home: Path, tracking_uri: str | None, port: int) -> list[str]:
    """The command that serves MLflow's pages on 127.0.0.1 only. Run it with `UI_ENVIRONMENT`.

    Raises InputError where the record is on a server, which has its own pages.
    """
    uri = tracking_uri or default_tracking_uri(home)
    if is_server(uri):
        raise InputError(
            f"the record is on the MLflow server {without_user(uri)}", hint="open that address in a browser"
        )
    # Under uvicorn, MLflow's default, Host and Origin are checked, so no other page can read the record.
    return [
        *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)),
        *("--backend-store-uri", uri, "--artifacts-destination", artifact_folder(home).as_uri()),
        *("--workers", "1"),
    ]
