"""The search itself: steps until the study is done, stopped or out of time; in a pause it lets go of the devices."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from rich.console import Console

from hpsearch.cli.display import display, say_ended
from hpsearch.cli.effort import Clock, Effort
from hpsearch.cli.lock import Hold
from hpsearch.cli.printing import say
from hpsearch.cli.stopping import Pausing, Stopping
from hpsearch.errors import HpsearchError
from hpsearch.execution.executor import Executor, Usage, together
from hpsearch.run import Coordinator
from hpsearch.search.study import SearchStudy
from hpsearch.tracking.tracker import Tracker

LOOK_SECONDS = 0.5  # between two looks at whether somebody wants to stop
WAKE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Terminal:
    """Where to say things, how much, and what to type to go on."""

    console: Console
    verbose: bool
    resume: str


class Searching:
    """One run of a study that is held. `new` makes another executor, after a pause."""

    def __init__(
        self, study: SearchStudy, executor: Executor, new: Callable[[], Executor], hold: Hold, terminal: Terminal
    ) -> None:
        self._study, self._executor, self._new, self._hold, self._terminal = study, executor, new, hold, terminal
        self._usage: Usage | None = None
        self._deciding = 0.0
        self._clock = Clock()
        self._deadline: float | None = None  # monotonic; known once the search has started
        self.trained = False
        """Whether any trial has ended in this run."""
        self.finished = 0
        """How many have ended in all."""
        self.limit: str | None = None
        """What of `search:` lets no new trial be asked for."""

    def run(self, tracker: Tracker, begun: Callable[[], None], pausing: Pausing) -> str:
        """Returns "" or why it stopped: "signal" or "timeout". `begun` is called at each beginning."""
        while (why := self._part(tracker, begun, pausing)) == "pause":
            tracker.interrupted()
            if not self._wait(pausing):
                return "signal"
            self._executor = self._new()
        return why

    def effort(self, tracker: Tracker) -> Effort:
        """What it has cost so far."""
        assert self._usage is not None
        order = self._study.file.search.order
        return self._clock.effort(self._usage, self._deciding, tracker.processor_seconds, order)

    def _part(self, tracker: Tracker, begun: Callable[[], None], pausing: Pausing) -> str:
        """From the beginning, or the end of a pause, to the next one."""
        console, file = self._terminal.console, self._study.file
        begun()
        listener = partial(say_ended, console, file.objective.metric) if self._terminal.verbose else None
        with console.status("starting"):
            run = Coordinator(self._study, self._executor, tracker, listener)
        before = run.tally.finished
        try:
            return self._steps(run, pausing)
        finally:
            self._deciding += run.deciding
            usage = self._executor.usage()
            self._usage = usage if self._usage is None else together(self._usage, usage)
            self.trained, self.finished = self.trained or run.tally.finished > before, run.tally.finished
            self.limit = run.tally.limit(file.search)

    def _steps(self, run: Coordinator, pausing: Pausing) -> str:
        file = self._study.file
        if self._deadline is None:
            self._deadline = math.inf if file.search.timeout is None else time.monotonic() + file.search.timeout
        deadline = self._deadline
        if deadline < math.inf:
            self._executor.end_by(deadline)
        shown = display(self._terminal.console, file.name, file.objective.metric, file.total)
        with shown, Stopping(shown.stopping) as stopping:
            shown.update(run)
            why = ""
            while not why and run.step(min(deadline, time.monotonic() + LOOK_SECONDS)):
                self._hold.check()
                shown.update(run)
                late = time.monotonic() >= deadline
                why = "signal" if stopping.asked else "timeout" if late else "pause" if pausing.wanted else ""
            # Saves the trials under way: before it is said, and before others may take up the study.
            self._executor.close()
        return why

    def _wait(self, pausing: Pausing) -> bool:
        """Wait for the end of a pause; False where the run is to stop."""
        began = time.monotonic()
        self._hold.show("paused")
        say(self._terminal.console, f"{self._study.file.name}: paused; {self._terminal.resume} goes on")
        with Stopping(lambda: None) as stopping:
            while pausing.wanted and not stopping.asked:
                self._hold.check()
                time.sleep(WAKE_SECONDS)
        passed = time.monotonic() - began
        self._clock.leave_out(passed)
        if self._deadline is not None:
            self._deadline += passed
        if stopping.asked:
            return False
        self._hold.show("under way")
        say(self._terminal.console, f"{self._study.file.name}: goes on")
        return True


def same_data(executor: Executor, study: SearchStudy, fingerprint: str) -> Executor:
    """The executor, if it has the data that the study is run on. Raises HpsearchError."""
    if executor.check(study.file).fingerprint != fingerprint:
        executor.close()
        raise HpsearchError(f"study {study.file.name!r}: its data have changed while it was paused")
    return executor
