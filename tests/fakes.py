"""Stand-ins for what is slow: an executor whose trials take no time, and a record that only remembers."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from hpsearch.events import Assignment, EpochEnded, Event, Failure, Scalar, TrialEnded, TrialFailed
from hpsearch.execution.executor import Checked, Usage
from hpsearch.space.study_file import StudyFile


def score(trial: Assignment, epoch: int) -> float:
    """A learning curve that depends on the assignment and the seed, and on nothing else."""
    rate = float(trial.values["learning_rate"])  # type: ignore[arg-type]
    quality = math.exp(-abs(math.log10(rate) + 2)) + (trial.seed % 97) / 970
    return quality * (1 - math.exp(-epoch / 5)) / 1.2


@dataclass
class _Trial:
    assignment: Assignment
    epochs: int
    until: int
    done: int = 0


class FakeExecutor:
    """Gives one epoch at a time, of a trial picked by `timing`: any order in which workers might answer.

    A trial whose learning rate is above `diverges` fails in its second epoch.
    """

    def __init__(self, timing: random.Random | None = None, diverges: float = math.inf) -> None:
        self._timing, self._diverges = timing, diverges
        self._trials: dict[int, _Trial] = {}
        self.submitted: list[int] = []
        self.stopped: dict[int, float | None] = {}
        self.tidied: dict[int, float] = {}

    def submit(self, trial: Assignment, *, tick: int, until: int, ticks: int = 1) -> None:
        epochs = int(trial.values.get("epochs", 20) or 0)
        self._trials[trial.number] = _Trial(trial, epochs, until)
        self.submitted.append(trial.number)

    def extend(self, number: int, until: int) -> None:
        self._trials[number].until = until

    def tidy(self, values: Mapping[int, float]) -> None:
        self.tidied = dict(values)

    def stop(self, number: int, value: float | None = None) -> None:
        self._trials.pop(number, None)
        assert number not in self.stopped
        self.stopped[number] = value

    def check(self, file: StudyFile) -> Checked:
        return Checked("", (), 1000)

    def costs(self, values: Mapping[str, Scalar]) -> Mapping[str, int]:
        return {}

    def usage(self) -> Usage:
        return Usage(("cpu",), (0.0,))

    def poll(self, until: float | None = None) -> list[Event]:
        ready = [t for t in self._trials.values() if t.done < t.until]
        if not ready:
            return []
        return self._train(ready[0] if self._timing is None else self._timing.choice(ready))

    def _train(self, trial: _Trial) -> list[Event]:
        """One epoch of a trial, and its end if that was the last one."""
        number, trial.done = trial.assignment.number, trial.done + 1
        value = score(trial.assignment, trial.done)
        metrics = {"dev_accuracy": value, "train_accuracy": value, "train_loss": 1 / trial.done}
        signals = {"gradient_norm": [1e-6, 0.1], "dead": [value]} if trial.done in (1, 9) else {}
        if trial.done == 2 and float(trial.assignment.values["learning_rate"]) > self._diverges:  # type: ignore[arg-type]
            del self._trials[number]
            spoilt = EpochEnded(number, 2, metrics | {"train_loss": math.nan}, 1.0, 0.1, signals)
            return [TrialFailed(number, 1, Failure.DIVERGED, "not finite", spoilt=spoilt)]
        events: list[Event] = [EpochEnded(number, trial.done, metrics, float(trial.done), 0.1, signals)]
        if trial.done == trial.epochs:
            del self._trials[number]
            events.append(TrialEnded(number, trial.done))
        return events

    def end_by(self, when: float) -> None:
        return

    def close(self) -> None:
        self._trials.clear()


class RacingExecutor(FakeExecutor):
    """Several workers that race: an epoch takes as long as `delays` says, and some workers are slower than others.

    A worker that is free takes any trial that may go on; what has ended is said in the order in which it ends, or
    some of it together. It dies, as a coordinator does that is killed, after so many `polls`.
    """

    def __init__(
        self, workers: int, delays: random.Random, diverges: float = math.inf, polls: float = math.inf
    ) -> None:
        super().__init__(delays, diverges)
        self._delays, self._polls, self._now = delays, polls, 0.0
        self._pace = [delays.uniform(0.2, 5.0) for _ in range(workers)]
        self._busy: dict[int, tuple[float, _Trial]] = {}

    def poll(self, until: float | None = None) -> list[Event]:
        self._polls -= 1
        if self._polls < 0:
            raise KilledError
        events: list[Event] = []
        while not events or (self._busy and self._delays.random() < 0.3):
            self._feed()
            if not self._busy:
                return events
            worker = min(self._busy, key=lambda w: self._busy[w][0])
            self._now, trial = self._busy.pop(worker)
            if trial.assignment.number in self._trials:  # otherwise it was stopped meanwhile
                events += self._train(trial)
        return events

    def _feed(self) -> None:
        for worker in [worker for worker in range(len(self._pace)) if worker not in self._busy]:
            taken = {trial.assignment.number for _, trial in self._busy.values()}
            ready = [t for n, t in self._trials.items() if t.done < t.until and n not in taken]
            if ready:
                passes = self._pace[worker] * self._delays.lognormvariate(0.0, 1.0)
                self._busy[worker] = self._now + passes, self._delays.choice(ready)


class KilledError(BaseException):
    """Like `kill -9`: nothing catches it."""


@dataclass
class FakeRecord:
    """Remembers what was told, as the outbox does."""

    started: dict[int, Mapping[str, Scalar]] = field(default_factory=dict)
    epochs: dict[int, list[int]] = field(default_factory=dict)
    ended: dict[int, str] = field(default_factory=dict)

    def recorded(self, kind: str, number: int) -> bool:
        return number in (self.started if kind == "trial_started" else self.ended)

    def trial_started(self, number: int, params: Mapping[str, Scalar], tags: Mapping[str, str], at: float) -> None:
        assert number not in self.started
        self.started[number] = params

    def epoch(self, number: int, epoch: int, metrics: Mapping[str, float], at: float) -> None:
        self.epochs.setdefault(number, []).append(epoch)

    def trial_ended(
        self, number: int, status: str, metrics: Mapping[str, float], tags: Mapping[str, str], at: float
    ) -> None:
        assert number not in self.ended
        self.ended[number] = status
