"""What a person sees while a study runs: a live display on a terminal, plain lines elsewhere. All on stderr."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from hpsearch.reports.words import duration
from hpsearch.run import Coordinator
from hpsearch.search.records import TrialRecord

PLAIN_SECONDS = 5.0


class Display(Protocol):
    """Told about the run after each step; draws when it is time to."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def update(self, run: Coordinator) -> None: ...


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


class LiveDisplay:
    """A bar and two lines that stay in place."""

    def __init__(self, console: Console, name: str, metric: str, total: int) -> None:
        self._name, self._metric, self._total, self._pace = name, metric, total, Pace(total)
        self._live = Live(console=console, refresh_per_second=8, transient=True)
        self._drawn = 0.0

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.__exit__(kind, error, trace)

    def update(self, run: Coordinator) -> None:
        if time.monotonic() - self._drawn < 0.1:
            return
        self._drawn = time.monotonic()
        rate, left = self._pace.of(run)
        done = run.tally.finished
        line = Table.grid(padding=(0, 2))
        line.add_row(
            Text(self._name, style="bold"),
            ProgressBar(total=self._total, completed=done, width=32),
            f"{done} of {self._total}",
            f"{rate:.1f} trials/s",
            "" if left is None else f"{duration(left)} left",
        )
        self._live.update(Group(line, Text(best_line(run, self._metric)), Text(counts_line(run), style="dim")))


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
        rate, left = self._pace.of(run)
        if time.monotonic() - self._drawn < PLAIN_SECONDS:
            return
        self._drawn = time.monotonic()
        parts = [
            f"{run.tally.finished} of {self._total} trials",
            best_line(run, self._metric),
            f"{rate:.1f} trials/s",
        ]
        if left is not None:
            parts.append(f"{duration(left)} left")
        self._console.print(f"{self._name}: {', '.join(parts)}", highlight=False, soft_wrap=True)


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
    last = trial.history.metrics.get(metric, [])[-1:]
    score = f", {metric} {last[0]:.4f}" if last else ""
    console.print(f"trial {trial.number} {how} after {trial.history.epochs} epochs{score}", highlight=False)
