"""The mirror as the coordinator sees it: a process that is started, revived, asked to finish, or let go."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import psutil

_MOST_STARTS = 3


class MirrorProcess:
    """Runs `hpsearch.tracking.mirror` with its errors in a file."""

    def __init__(self, arguments: list[str], log: Path) -> None:
        """Start it; it lives until its standard input ends and all is sent, or MLflow can't be reached."""
        self._arguments, self._log = arguments, log
        self._starts = 0
        self._process: subprocess.Popen[bytes] | None = self._start()

    def revive(self) -> None:
        """Start another one in place of one that died; it finds by itself what had arrived."""
        if self._process is not None and self._process.poll() is not None:
            self._process.communicate()
            self._process = self._start() if self._starts < _MOST_STARTS else None

    @property
    def processor_seconds(self) -> float:
        """What the process has taken of the processor so far; 0 once it is gone."""
        if self._process is None:
            return 0.0
        try:
            times = psutil.Process(self._process.pid).cpu_times()
        except psutil.Error:
            return 0.0
        return float(times.user + times.system)

    def finish(self, timeout: float) -> bytes:
        """End its input and return what it printed, b"" if it died.

        Raises subprocess.TimeoutExpired after `timeout` seconds.
        """
        if self._process is None:
            return b""
        answer, _ = self._process.communicate(timeout=timeout)
        self._process = None
        return answer

    def let_go(self) -> None:
        """End its input and wait no more; a thread collects its exit code if this process lives on."""
        process, self._process = self._process, None
        if process is not None:
            threading.Thread(target=process.communicate, daemon=True).start()

    def _start(self) -> subprocess.Popen[bytes]:
        self._starts += 1
        with self._log.open("ab") as log:
            return subprocess.Popen(
                # "-P" keeps the user's folder off the import path: it may hold an mlflow.py.
                [sys.executable, "-P", "-m", "hpsearch.tracking.mirror", *self._arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,  # Ctrl-C in the terminal is not for the mirror
            )
