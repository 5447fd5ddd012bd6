"""What a person sees while a study runs: a live display on a terminal, plain lines elsewhere. All on stderr."""

from __future__ import annotations

import os
import sys
import time
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from hpsearch.cli.printing import say
from hpsearch.reports.words import counted, duration
from hpsearch.run import Coordinator
from hpsearch.search.records import TrialRecord

PLAIN_SECONDS = 5.0
WIDEST = 100
STOPPING = "stopping when this epoch ends; Ctrl-C again stops at once"


class Display(Protocol):
    """Told about the run after each step; draws when it is time to."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def update(self, run: Coordinator) -> None: ...
    def stopping(self) -> None:
        """Say that somebody asked to stop. Called from a signal handler."""


class Pace:
    """Trials a second since the display began, and the seconds that the rest will take."""

    def __init__(self, total: int) -> None:
        self.total, self._began, self._before = total, time.monotonic(), -1

    def of(self, run: Coordinator) -> tuple[float, float | None]:
        if self._before < 0:
            self._before = run.tally.finished
        done, passed = run.tally.finished - self._before, time.monotonic() - self._began
        rate = done / passed if passed > 0 else 0.0
        return rate, (self.total - run.tally.finished) / rate if done else None

    def words(self, run: Coordinator) -> list[str]:
        """The same to be read: the time left only where it is known."""
        rate, left = self.of(run)
        return [f"{rate:.1f} trials/s", *([] if left is None else [f"{duration(left)} left"])]


class LiveDisplay:
    """A bar and three lines that stay in place, none wider than the terminal."""

    def __init__(self, console: Console, name: str, metric: str, total: int) -> None:
        self._console, self._name, self._metric, self._total = console, name, metric, total
        self._pace, self._stopping = Pace(total), False
        self._done, self._lines = 0, [""]
        self._live = Live(console=console, refresh_per_second=8, transient=True, get_renderable=self._draw)

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.__exit__(kind, error, trace)

    def update(self, run: Coordinator) -> None:
        self._done = run.tally.finished
        self._lines = [best_line(run, self._metric), " · ".join(self._pace.words(run)), counts_line(run)]

    def stopping(self) -> None:
        self._stopping = True

    def _draw(self) -> RenderableType:
        """Called by the thread that refreshes, so that a long epoch leaves nothing unsaid."""
        width = min(self._console.width, WIDEST)
        head = Table.grid(padding=(0, 2), expand=True)
        head.width = width
        head.add_column(no_wrap=True, overflow="ellipsis", max_width=width // 3)
        head.add_column(ratio=1)
        head.add_column(no_wrap=True)
        bar = ProgressBar(total=self._total, completed=self._done)
        head.add_row(Text(self._name, style="bold"), bar, f"{self._done} of {self._total}")
        lines = [*self._lines[:-1], STOPPING if self._stopping else self._lines[-1]]
        return Group(head, *(Text(line, no_wrap=True, overflow="ellipsis") for line in lines))


class PlainDisplay:
    """A line every few seconds, for logs and pipes."""

    def __init__(self, console: Console, name: str, metric: str, total: int) -> None:
        self._console, self._name, self._metric, self._total = console, name, metric, total
        self._pace, self._drawn = Pace(total), time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return

    def update(self, run: Coordinator) -> None:
        words = self._pace.words(run)
        if time.monotonic() - self._drawn < PLAIN_SECONDS:
            return
        self._drawn = time.monotonic()
        parts = [f"{run.tally.finished} of {self._total} trials", best_line(run, self._metric), *words]
        say(self._console, f"{self._name}: {', '.join(parts)}")

    def stopping(self) -> None:
        if not self._console.quiet:
            # A handler may come in the midst of a print, which must not be entered twice.
            os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, f"{self._name}: {STOPPING}\n".encode())


def display(console: Console, name: str, metric: str, total: int) -> Display:
    """The display that fits: live on a terminal, else plain."""
    kind = LiveDisplay if console.is_terminal else PlainDisplay
    return kind(console, name, metric, total)


def best_line(run: Coordinator, metric: str) -> str:
    """The best so far, in words."""
    best, leader = run.tally.best, run.tally.leader
    if best is not None:
        return f"best {metric} {best.value:.4f} (trial {best.number})"
    if leader is not None:
        return f"leading {metric} {leader[0]:.4f} (trial {leader[1]}, epoch {leader[2]})"
    return "no epoch yet"


def counts_line(run: Coordinator) -> str:
    """How trials ended, and how many are under way."""
    counts = run.tally.counts
    parts = [f"{counts['complete']} complete", f"{counts['pruned']} pruned"]
    if counts["failed"]:
        parts.append(f"{counts['failed']} failed")
    return " · ".join([*parts, f"{run.running} under way"])


def say_ended(console: Console, metric: str, trial: TrialRecord) -> None:
    """A line for a trial that has just ended."""
    how = trial.failure.value if trial.failure else trial.state.lower()
    epochs = trial.history.epochs
    last = trial.last(metric)
    score = "" if last is None else f", {metric} {last:.4f}"
    say(console, f"trial {trial.number} {how} after {counted(epochs, 'epoch')}{score}")
