"""Signals to a run, from the keyboard or from another terminal.

Ctrl-C and SIGTERM: the first asks the run to stop where nothing is lost, the second stops it at once.
SIGUSR1 asks it to pause, SIGUSR2 to go on.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from threading import Timer
from types import FrameType, TracebackType
from typing import Any, Self

AGAIN_SECONDS = 0.05
CAN_PAUSE = hasattr(signal, "SIGUSR1")  # not on Windows


class Stopping:
    """Within it, `asked` turns True at the first signal; the next raises KeyboardInterrupt."""

    def __init__(self, on_ask: Callable[[], None]) -> None:
        """`on_ask` is called in the signal handler, at the first signal."""
        self.asked = False
        self._on_ask = on_ask
        self._before: dict[signal.Signals, Any] = {}
        self._unraisable = sys.unraisablehook

    def __enter__(self) -> Self:
        for kind in (signal.SIGINT, signal.SIGTERM):
            self._before[kind] = signal.signal(kind, self._hear)
        self._unraisable, sys.unraisablehook = sys.unraisablehook, self._swallowed
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        sys.unraisablehook = self._unraisable
        for which, handler in self._before.items():
            signal.signal(which, handler)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        self._on_ask()

    def _swallowed(self, what: sys.UnraisableHookArgs) -> None:
        """A signal that came while an object was being freed interrupts nothing: it is sent again a moment later."""
        if issubclass(what.exc_type, KeyboardInterrupt):
            Timer(AGAIN_SECONDS, os.kill, (os.getpid(), signal.SIGINT)).start()
        else:
            self._unraisable(what)


class Pausing:
    """Within it, `wanted` is True from a SIGUSR1 on until a SIGUSR2 comes."""

    def __init__(self) -> None:
        self.wanted = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for kind in (signal.SIGUSR1, signal.SIGUSR2) if CAN_PAUSE else ():
            self._before[kind] = signal.signal(kind, self._hear)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for which, handler in self._before.items():
            signal.signal(which, handler)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self.wanted = number == signal.SIGUSR1


def ask_to_stop(process: int, *, now: bool) -> None:
    """As Ctrl-C, or Ctrl-C twice: two different signals, for of two equal ones that wait, one is lost."""
    os.kill(process, signal.SIGINT)
    if now:
        os.kill(process, signal.SIGTERM)


def ask_to_pause(process: int) -> None:
    os.kill(process, signal.SIGUSR1)


def ask_to_go_on(process: int) -> None:
    os.kill(process, signal.SIGUSR2)
