"""Where a study came from: who ran it, from which commit, with which versions."""

from __future__ import annotations

import getpass
import platform
import subprocess
from importlib import metadata
from pathlib import Path

_PACKAGES = ("hpsearch", "torch", "optuna", "mlflow")


def provenance(directory: Path) -> dict[str, str]:
    """MLflow tags: the ones that MLflow's client leaves out (`mlflow.…`), and `hpsearch.version.…`.

    `directory` is the user's project; its git commit is there only if it lies in a repository with one.
    """
    tags = {
        "mlflow.user": _user(),
        "mlflow.source.name": "hpsearch",
        "mlflow.source.type": "LOCAL",
        "hpsearch.version.python": platform.python_version(),
    }
    commit = git_commit(directory)
    if commit:
        tags["mlflow.source.git.commit"] = commit
    for package in _PACKAGES:
        try:
            tags[f"hpsearch.version.{package}"] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return tags


def git_commit(directory: Path) -> str | None:
    """The commit that is checked out there, or None without git, a repository or a commit."""
    command = ["git", "rev-parse", "--verify", "--quiet", "HEAD"]
    try:
        done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run under a user id that has no name
        return "unknown"
