"""The coordinator's side of tracking: it appends to the outbox, and a process of its own does the rest."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Literal, Self
from urllib.parse import quote

from hpsearch.events import Scalar
from hpsearch.tracking import mirror_process
from hpsearch.tracking.counts import Counts
from hpsearch.tracking.outbox import Outbox
from hpsearch.tracking.provenance import provenance

Ending = Literal["FINISHED", "KILLED", "FAILED"]


class Tracker:
    """Records one study. Use it as a context manager; no method but `finish` waits for MLflow.

    Nothing recorded twice does harm: of a trial's start, its end and each of its epochs the first one counts.
    """

    def __init__(
        self,
        home: Path,
        study: str,
        tracking_uri: str | None,
        study_id: str = "",
        mirror: mirror_process.MirrorProcess | None = None,
    ) -> None:
        """`study_id` tells this study from a deleted one of the same name, and from one of another home on
        the same server; the study's moment of creation will do. `tracking_uri` None: the home's own SQLite.
        `mirror`: one that has been started ahead.
        """
        file = quote(f"{study}.{study_id}" if study_id else study, safe="")
        self._home, self._study, self._tracking_uri = home, study, tracking_uri
        self._study_id = study_id or study
        self._ahead = mirror
        self._path = home / "outbox" / f"{file}.jsonl"
        self.log = self._path.with_suffix(".mirror.log")
        """Where the mirror says what went wrong."""
        self.reason = ""
        """Why `finish` returned None, in one line."""

    def __enter__(self) -> Self:
        """Open the outbox, and set the mirror on it.

        Raises HpsearchError if the outbox cannot be written.
        """
        self._outbox = Outbox(self._path)
        self._mirror = self._ahead or mirror_process.MirrorProcess()
        self._mirror.follow(
            {
                "home": str(self._home),
                "outbox": str(self._path),
                "study": self._study,
                "study_id": self._study_id,
                "log": str(self.log),
                "tracking_uri": self._tracking_uri,
            }
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave a mirror that is still at work to send the rest in the background, and then end by itself."""
        self._outbox.close()
        self._mirror.let_go()

    def recorded(self, kind: str, number: int | None = None) -> bool:
        """Whether a record of this kind is in the outbox already: after a crash, add what is not."""
        return self._outbox.recorded(kind, number)

    def study(self, study_file: str, params: Mapping[str, Scalar], tags: Mapping[str, str]) -> None:
        """The study begins, or goes on. It must be the first record of a run of the program."""
        facts = {**provenance(Path.cwd()), **tags}
        self._append("study", name=self._study, study_file=study_file, params=dict(params), tags=facts)

    def trial_started(
        self, number: int, params: Mapping[str, Scalar], tags: Mapping[str, str], at: float | None = None
    ) -> None:
        """A trial starts, or goes on after an interruption. `at`, here and below: Unix seconds, or now."""
        self._mirror.revive()
        self._append("trial_started", at, number=number, params=dict(params), tags=dict(tags))

    def epoch(self, number: int, epoch: int, metrics: Mapping[str, float], at: float | None = None) -> None:
        """A trial has trained one more epoch."""
        self._append("epoch", at, number=number, epoch=epoch, metrics=dict(metrics))

    def trial_ended(
        self,
        number: int,
        status: Ending,
        metrics: Mapping[str, float],
        tags: Mapping[str, str],
        at: float | None = None,
    ) -> None:
        """A trial is over: FINISHED, KILLED (pruned) or FAILED. `metrics`: final ones, such as its value."""
        self._append("trial_ended", at, number=number, status=status, metrics=dict(metrics), tags=dict(tags))

    def artifact(self, path: Path, artifact_path: str = "", number: int | None = None) -> None:
        """Copy a file or folder into `artifact_path` among a trial's artifacts (None: the study's)."""
        self._append("artifact", number=number, path=str(path.resolve()), artifact_path=artifact_path)

    def interrupted(self) -> None:
        """The study and the trials under way pause; they will go on."""
        self._append("interrupted")

    def study_ended(self, status: Ending, metrics: Mapping[str, float], tags: Mapping[str, str]) -> None:
        """The study is over, until it is given more trials."""
        self._append("study_ended", status=status, metrics=dict(metrics), tags=dict(tags))

    @property
    def processor_seconds(self) -> float:
        """What the mirror has taken of the processor so far."""
        return self._mirror.processor_seconds

    def finish(self, timeout: float) -> Counts | None:
        """Close the outbox, let the mirror send the rest, and return what MLflow then holds.

        None after `timeout` seconds, or if MLflow cannot be reached; `reason` then says why, and the next run
        of the study delivers what is missing.
        """
        self._outbox.close()
        self._mirror.revive()
        try:
            answer = self._mirror.finish(timeout)
        except subprocess.TimeoutExpired:
            self.reason = f"MLflow did not take all records within {timeout:.0f} s; see {self.log}"
            self._mirror.let_go()
            return None
        return self._read(answer)

    def _append(self, kind: str, at: float | None = None, /, **fields: object) -> None:
        self._outbox.append({"kind": kind, "time": time.time() if at is None else at, **fields})

    def _read(self, answer: bytes) -> Counts | None:
        try:
            reply = json.loads(answer)
        except ValueError:
            self.reason = f"the MLflow mirror died; see {self.log}"
            return None
        if "counts" in reply:
            return Counts(**reply["counts"])
        self.reason = f"MLflow cannot be written: {reply['reason']}"
        return None
