"""Ctrl-C and SIGTERM: the first asks the run to stop where nothing is lost, the second stops it at once."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self


class Stopping:
    """Within it, `asked` turns True at the first signal; the next raises KeyboardInterrupt."""

    def __init__(self, on_ask: Callable[[], None]) -> None:
        """`on_ask` is called in the signal handler, at the first signal."""
        self.asked = False
        self._on_ask = on_ask
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for kind in (signal.SIGINT, signal.SIGTERM):
            self._before[kind] = signal.signal(kind, self._hear)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for which, handler in self._before.items():
            signal.signal(which, handler)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        self._on_ask()
