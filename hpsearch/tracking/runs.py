"""A run as the outbox describes it, and how much of it MLflow has not got yet."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TERMINAL = frozenset({"FINISHED", "KILLED", "FAILED"})
PARAM_LENGTH = 6000  # MLflow's limits, in characters
TAG_LENGTH = 5000


@dataclass(frozen=True, slots=True)
class Point:
    """One value of one metric; `time` is Unix milliseconds."""

    key: str
    value: float
    time: int
    step: int


@dataclass(frozen=True, slots=True)
class Upload:
    """A file or a folder to copy into `folder` of the run's artifacts, or a `text` to write as `name`."""

    path: Path | None = None
    folder: str = ""
    text: str = ""
    name: str = ""


@dataclass(slots=True)
class Run:
    """One run, of a trial or (`number` None) of the study.

    `params`, `tags`, `points` and `uploads` hold what is still to be sent, `known_params` and `known_points`
    what must not be sent again. `uploaded` counts the uploads that have arrived, `uploads_seen` all of them.
    `status` is what it should be, `sent_status` what MLflow has (None: no run yet). `started` and `ended` are
    Unix milliseconds; `since` is the monotonic time, in seconds, of the oldest thing that is not sent.
    """

    number: int | None
    run_id: str | None = None
    status: str = "RUNNING"
    sent_status: str | None = None
    started: int = 0
    ended: int = 0
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    points: list[Point] = field(default_factory=list)
    uploads: list[Upload] = field(default_factory=list)
    uploads_seen: int = 0
    uploaded: int = 0
    known_params: dict[str, str] = field(default_factory=dict)
    known_points: set[tuple[str, int]] = field(default_factory=set)
    not_finite: set[str] = field(default_factory=set)
    last_step: int = 0
    since: float | None = None

    @property
    def whole(self) -> bool:
        """Whether MLflow has all of this trial, for good. A study can always go on."""
        return self.number is not None and self.sent_status in TERMINAL

    def due(self, now: float, hold: float) -> bool:
        """Whether to send now. News of a trial under way waits `hold` seconds for more, to cost one call."""
        if self.since is None:
            return False
        changed = self.status != self.sent_status and self.status != "RUNNING"
        return self.number is None or changed or now - self.since >= hold

    def touch(self) -> None:
        if self.since is None:
            self.since = time.monotonic()

    def add_params(self, params: Mapping[str, Any]) -> None:
        """A parameter cannot be changed in MLflow: a newer value becomes a tag."""
        for key, value in params.items():
            text = _text(value)[:PARAM_LENGTH]
            if key not in self.known_params:
                self.known_params[key] = self.params[key] = text
            elif self.known_params[key] != text:
                self.tags[key] = text[:TAG_LENGTH]

    def add_tags(self, tags: Mapping[str, Any]) -> None:
        self.tags.update({key: _text(value)[:TAG_LENGTH] for key, value in tags.items()})

    def add_metrics(self, metrics: Mapping[str, Any], step: int, seconds: float) -> None:
        """Add values that are not known yet. One that is not finite is named in a tag, and never sent."""
        for key, value in metrics.items():
            if (key, step) in self.known_points:
                continue
            self.known_points.add((key, step))
            if isinstance(value, int | float) and math.isfinite(value):
                self.points.append(Point(key, float(value), milliseconds(seconds), step))
            else:
                self.not_finite.add(key)
                self.tags["hpsearch.not_finite"] = ", ".join(sorted(self.not_finite))[:TAG_LENGTH]

    def add_upload(self, upload: Upload) -> None:
        """The first ones were sent before, by a mirror that was here earlier, if it said so."""
        self.uploads_seen += 1
        if self.uploads_seen > self.uploaded:
            self.uploads.append(upload)


def milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def _text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, dict | list) else str(value)
