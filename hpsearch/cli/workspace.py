"""Where things are, and what to type for them. Nothing heavy is imported: every command may ask."""

from __future__ import annotations

import shlex
import shutil
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where studies, records and reports are kept."""

    home: Path
    storage: str | None = None
    tracking_uri: str | None = None

    def networks(self, study: str) -> Path:
        """The folder of a study's networks and checkpoints."""
        return self.home / "checkpoints" / study

    def browse(self) -> str:
        """How to look at the runs in MLflow."""
        from hpsearch.tracking.address import is_server, without_user

        if self.tracking_uri and is_server(self.tracking_uri):
            return without_user(self.tracking_uri)
        return self._command("ui", "--tracking-uri", self.tracking_uri)

    def resume(self, study: str) -> str:
        """How to go on with a study."""
        command = f"resume {shlex.quote(study)}"
        return self._command(command, "--storage", self.storage)

    def report(self, study: str) -> Path:
        """A study's HTML page."""
        return self.home / "reports" / f"{study}.html"

    def run_page(self, study: str, created: datetime) -> str | None:
        """Where a study's run is in MLflow's pages, if that is known."""
        from hpsearch.tracking.pages import run_page

        return run_page(self.home, study, created.timestamp(), self.tracking_uri)

    def run_links(self, study: str, created: datetime, pages: str | None = None) -> dict[int, str]:
        """Where each trial's run is, as far as this workspace's own record says; `pages`: where MLflow's are served."""
        from hpsearch.tracking.pages import pages_at
        from hpsearch.tracking.run_links import run_links

        base = pages or pages_at(self.tracking_uri)
        links = run_links(self.home, study, created.timestamp())
        return {number: f"{base}/#/{link}" for number, link in links.items()}

    def _command(self, name: str, option: str, value: str | None) -> str:
        if value:
            from hpsearch.urls import without_password

            value = without_password(value)
        where = "" if self.home == Path("studies") else f" --home {shlex.quote(str(self.home))}"
        return f"{called_as()} {name}{where}" + (f" {option} {shlex.quote(value)}" if value else "")


def called_as() -> str:
    """What to type for `hpsearch` in this shell: its path as it was typed, where the bare name is not found."""
    typed = Path(sys.argv[0])
    return shlex.quote(str(typed)) if typed.name == "hpsearch" and not shutil.which("hpsearch") else "hpsearch"
