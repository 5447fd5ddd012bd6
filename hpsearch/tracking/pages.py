"""Where a study's run is in MLflow's pages: the mirror notes it, for it alone learns MLflow's names for things."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from hpsearch.files import write_whole
from hpsearch.tracking.address import is_server, without_user

OWN_PAGES = "http://127.0.0.1:5000"  # where `hpsearch ui` serves the workspace's own record


def note_run(home: Path, study: str, study_id: str, experiment: str, run: str) -> None:
    """Write down the study's experiment and parent run, if the disk takes it: nothing depends on it but a link."""
    facts = {"study_id": study_id, "experiment": experiment, "run": run}
    with suppress(OSError):
        write_whole(_file(home, study), json.dumps(facts).encode() + b"\n")


def pages_at(tracking_uri: str | None) -> str:
    """Where MLflow's pages are: at its server, or without one where `hpsearch ui` serves them."""
    return OWN_PAGES if tracking_uri is None or not is_server(tracking_uri) else without_user(tracking_uri).rstrip("/")


def run_page(home: Path, study: str, study_id: float, tracking_uri: str | None) -> str | None:
    """The address of the study's run, or None where MLflow has no such run yet, as far as this workspace knows.

    `study_id` is when the study was made, in Unix seconds: another study of the same name has another run. Without a
    server, the address is that of `hpsearch ui`.
    """
    base = pages_at(tracking_uri)
    try:
        noted = json.loads(_file(home, study).read_text(encoding="utf-8"))
        same = abs(float(noted["study_id"]) - study_id) < 1e-3
        return f"{base}/#/experiments/{quote(noted['experiment'])}/runs/{quote(noted['run'])}" if same else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _file(home: Path, study: str) -> Path:
    return home / "outbox" / f"{quote(study, safe='')}.mlflow.json"
