"""Signals to a run, from the keyboard or from another terminal.

Ctrl-C and SIGTERM: the first asks the run to stop where nothing is lost, the second stops it at once.
SIGUSR1 asks it to pause, SIGUSR2 to go on.
"""

from __future__ import annotations

import math
import os
import signal
import sys
import time
from collections.abc import Callable
from threading import Timer
from types import FrameType, TracebackType
from typing import Any, Self

AGAIN_SECONDS = 0.05
TOGETHER_SECONDS = 0.3
CAN_PAUSE = hasattr(signal, "SIGUSR1")  # not on Windows


class Interrupt:
    """A signal handler that raises KeyboardInterrupt, once for signals that come together.

    The second would strike while what the first one has interrupted is being put away.
    """

    def __init__(self) -> None:
        self._last = -math.inf

    def __call__(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if now - self._last >= TOGETHER_SECONDS:
            self._last = now
            raise KeyboardInterrupt

    def again(self) -> None:
        """Whatever the last one has interrupted, the next one interrupts again."""
        self._last = -math.inf


interrupt = Interrupt()


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
        interrupt.again()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        sys.unraisablehook = self._unraisable
        for which, handler in self._before.items():
            signal.signal(which, handler)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            interrupt(number, frame)
            return
        self.asked = True
        self._on_ask()

    def _swallowed(self, what: sys.UnraisableHookArgs) -> None:
        """A signal that came while an object was being freed interrupts nothing: it is sent again a moment later."""
        if issubclass(what.exc_type, KeyboardInterrupt):
            interrupt.again()
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
