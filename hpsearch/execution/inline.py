"""Trials in the coordinator's own process, one stack at a time: the fastest on one core, and every test's twin."""

from __future__ import annotations

import time
from collections.abc import Mapping

import torch

from hpsearch.events import Assignment, Event, Scalar
from hpsearch.execution.devices import resolve
from hpsearch.execution.executor import Checked, Job, Usage
from hpsearch.execution.progress import Progress
from hpsearch.execution.schedule import Schedule
from hpsearch.execution.shelf import Shelf
from hpsearch.execution.suitability import check
from hpsearch.execution.trainer import Trainer, fault
from hpsearch.space.study_file import StudyFile
from hpsearch.training.config import configure
from hpsearch.training.costs import costs
from hpsearch.training.data.prepare import prepare
from hpsearch.training.fit import BrokenOff


class InlineExecutor:
    """Always trains the stack that holds the trial furthest behind in virtual time, for one epoch a poll.

    One thread, because small stacks gain nothing from more, and because a result must not depend on
    how many cores there are.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._threads = torch.get_num_threads()
        torch.set_num_threads(1)
        self._device = resolve(job.device)[0]
        self._data = prepare(job.data)
        self._shelf = Shelf(job.weights, job.disk, job.direction)
        self._schedule = Schedule(job.stack, measured=job.measured)
        self._trainer = Trainer(job, self._data, self._shelf, self._device)
        self._epochs = self._stacks = 0
        self._final: Usage | None = None

    def check(self, file: StudyFile) -> Checked:
        return Checked(self._data.fingerprint, tuple(check(file, self._data)), len(self._data.train_y))

    def costs(self, values: Mapping[str, Scalar]) -> Mapping[str, int]:
        return costs(self._job.model, configure(values), self._data.inputs, self._data.outputs)

    def submit(self, trial: Assignment, *, tick: int, until: int, ticks: int = 1) -> None:
        self._schedule.submit(trial, tick, until, ticks)

    def tidy(self, values: Mapping[int, float]) -> None:
        self._shelf.tidy(values, self._schedule.trials.keys())

    def extend(self, number: int, until: int) -> None:
        self._schedule.extend(number, until)

    def stop(self, number: int, value: float | None = None) -> None:
        self._schedule.trials.pop(number, None)
        self._trainer.forget(number)
        self._shelf.ended(number, value)

    def usage(self) -> Usage:
        if self._final is not None:
            return self._final
        kinds = tuple(self._schedule.chosen.values())
        return Usage((self._device,), (self._trainer.busy,), self._epochs, self._stacks, kinds)

    def end_by(self, when: float) -> None:
        self._trainer.end_by = when

    def close(self) -> None:
        if self._final is not None:
            return
        self._trainer.close()
        self._schedule.trials.clear()
        torch.set_num_threads(self._threads)
        self._final = self.usage()
        del self._trainer, self._data  # whoever keeps this object keeps no device's memory
        if self._device.startswith("cuda"):
            torch.cuda.empty_cache()

    def poll(self, until: float | None = None) -> list[Event]:
        while True:
            events = self._schedule.tell()
            late = until is not None and time.monotonic() >= until
            if events or late or not (group := self._schedule.group(0)):
                return events
            new = [trial for trial in group if trial.place is None]
            try:
                if failures := self._begin(new) if new else self._advance(group):
                    return failures
            except BrokenOff:
                time.sleep(0.0 if until is None else max(0.0, until - time.monotonic()))
                return []

    def _begin(self, members: list[Progress]) -> list[Event]:
        """Make each trial's network. Returns the failures."""
        failures: list[Event] = []
        for trial in members:
            try:
                trial.began(0, self._trainer.begin(trial.trial))
            except Exception as error:  # as in an epoch
                failures += self._schedule.fail(trial, fault(error))
        return failures

    def _advance(self, members: list[Progress]) -> list[Event]:
        """Train one epoch. Returns the failures."""
        try:
            if self._schedule.unmeasured(members):
                self._schedule.chosen[members[0].signature] = self._trainer.choose(members[0].number)
                return []
            events = self._trainer.train([trial.number for trial in members])
        except BrokenOff:
            raise
        except Exception as error:  # whatever a user's network or data may raise is an event, not our end
            what = fault(error)
            for trial in members:
                self._trainer.forget(trial.number)
            return self._schedule.failed(members, what)
        self._epochs, self._stacks = self._epochs + len(members), self._stacks + 1
        return [*self._schedule.hear(events), *self._schedule.overdue(members, self._job.longest)]
