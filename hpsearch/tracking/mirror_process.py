"""The mirror as the coordinator sees it: a process that is started, told, revived, asked to finish, or let go."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

import psutil

_MOST_STARTS = 3


class MirrorProcess:
    """Runs `hpsearch.tracking.mirror`, which imports MLflow at once and waits to be told what to follow."""

    def __init__(self) -> None:
        """Start it; it lives until its standard input ends and all is sent, or MLflow can't be reached."""
        self._orders = b""
        self._starts = 0
        self._process: subprocess.Popen[bytes] | None = self._start()

    def follow(self, orders: Mapping[str, str | None]) -> None:
        """Tell it, and any that is started in its place, what to follow: the fields of `mirror.Orders`."""
        self._orders = json.dumps(orders).encode() + b"\n"
        self._tell()

    def revive(self) -> None:
        """Start another one in place of one that died; it finds by itself what had arrived."""
        if self._process is not None and self._process.poll() is not None:
            self._process.communicate()
            self._process = self._start() if self._starts < _MOST_STARTS else None
            self._tell()

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
        """End its input and wait no more; a thread collects its exit code if this process lives on.

        One that has not been told what to follow has nothing to send, and is ended.
        """
        process, self._process = self._process, None
        if process is not None:
            if not self._orders:
                process.kill()
            threading.Thread(target=process.communicate, daemon=True).start()

    def _start(self) -> subprocess.Popen[bytes]:
        self._starts += 1
        with tempfile.TemporaryFile() as early:  # nothing is written before it is known that something will be
            return subprocess.Popen(
                # "-P" keeps the user's folder off the import path: it may hold an mlflow.py.
                [sys.executable, "-P", "-m", "hpsearch.tracking.mirror"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=early,
                start_new_session=True,  # Ctrl-C in the terminal is not for the mirror
            )

    def _tell(self) -> None:
        if self._process is not None and self._orders:
            assert self._process.stdin is not None
            with suppress(OSError):  # it has died: `revive` sees to that
                self._process.stdin.write(self._orders)
                self._process.stdin.flush()


@contextmanager
def mirror_ahead() -> Iterator[MirrorProcess]:
    """A mirror that gets ready while other things are; whoever is told of it may let it go earlier."""
    mirror = MirrorProcess()
    try:
        yield mirror
    finally:
        mirror.let_go()
