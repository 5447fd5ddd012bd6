"""Trials in worker processes, each with a device, or a core, of its own: one host a device, workers that live on.

Every worker has the next group of trials waiting while it trains one, perhaps the same trials for another epoch, so
that it need not wait for a decision. A trial stays with the worker that holds its network. Where a worker would be
idle, another one saves some of its trials that wait, and they go on there, as they would after a restart: from a
checkpoint, to the same numbers.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from multiprocessing.connection import wait

from hpsearch.errors import HpsearchError, InputError
from hpsearch.events import Assignment, Event, Failure, Scalar, from_json
from hpsearch.execution.devices import resolve
from hpsearch.execution.executor import Checked, Job, Usage
from hpsearch.execution.progress import Progress
from hpsearch.execution.schedule import Fault, Schedule
from hpsearch.execution.shelf import Shelf
from hpsearch.execution.wire import Message, assignment_to_json, receive
from hpsearch.execution.workers import Host, Worker
from hpsearch.space.study_file import StudyFile

AHEAD = 2  # groups that a worker has: one under way, one waiting
MOST_CRASHES = 2  # of workers that train a trial, after which it may be tried again
MOST_DEATHS = 8  # of workers in a row, none of which said a word
SLACK = 5.0  # seconds that a hanging trial gets beyond its time, for the making of its network
LEAVE_SECONDS = 2.0  # after the time is up, for saving


class ProcessExecutor:
    """Trains on every device at once. Raises InputError where a device is not there."""

    def __init__(self, job: Job) -> None:
        self._job = job
        named = resolve(job.device)
        if "mps" in named:
            raise InputError("execution.executor: an Apple GPU takes no worker processes", hint="inline")
        self._devices = tuple(named[index % len(named)] for index in range(job.workers))
        self._log = job.weights / "workers.log"
        self._hosts = {device: Host(job, device, self._log) for device in dict.fromkeys(self._devices)}
        self._workers: list[Worker] = []
        self._schedule = Schedule(job.stack, job.workers, measured=job.measured)
        self._shelf = Shelf(job.weights, job.disk, job.direction)
        self._failures: list[Event] = []
        self._busy = [0.0] * job.workers
        self._busy_before = [0.0] * job.workers
        self._epochs = self._stacks = self._deaths = 0
        self._waited = 0.0
        self._movable, self._late = True, False
        self._end_by: float | None = None

    def check(self, file: StudyFile) -> Checked:
        return self._hosts[self._devices[0]].check(file)

    def costs(self, values: Mapping[str, Scalar]) -> Mapping[str, int]:
        device = self._devices[0]
        try:
            return self._hosts[device].costs(values)
        except HpsearchError:
            return self._new_host(device).costs(values)

    def submit(self, trial: Assignment, *, tick: int, until: int, ticks: int = 1) -> None:
        self._schedule.submit(trial, tick, until, ticks)

    def tidy(self, values: Mapping[int, float]) -> None:
        self._shelf.tidy(values, self._schedule.trials.keys())

    def extend(self, number: int, until: int) -> None:
        self._schedule.extend(number, until)

    def stop(self, number: int, value: float | None = None) -> None:
        trial = self._schedule.trials.pop(number, None)
        self._shelf.ended(number, value)
        if trial is not None and trial.place is not None:
            self._workers[trial.place].say({"do": "forget", "number": number})

    def usage(self) -> Usage:
        busy = tuple(now + before for now, before in zip(self._busy, self._busy_before, strict=True))
        kinds = tuple(self._schedule.chosen.values())
        return Usage(self._devices, busy, self._epochs, self._stacks, kinds, self._waited)

    def poll(self, until: float | None = None) -> list[Event]:
        if not self._workers:
            self._workers = [self._hosts[device].fork(place) for place, device in enumerate(self._devices)]
        while True:
            self._feed()
            failures, self._failures = self._failures, []
            events = [*self._schedule.tell(), *failures]
            late = until is not None and time.monotonic() >= until
            if events or late or not (self._late or any(w.groups or w.giving_up for w in self._workers)):
                return events
            self._listen(until)

    def end_by(self, when: float) -> None:
        self._end_by = when

    def close(self) -> None:
        workers, self._workers = self._workers, []
        try:
            for worker in workers:
                worker.say({"do": "close", "room": self._room(len(workers))})
            self._await_closed(workers)
        finally:
            for worker in workers:
                worker.kill()
                worker.connection.close()
            hosts, self._hosts = self._hosts, {}
            for host in hosts.values():
                host.close()
            for host in hosts.values():
                host.wait()
            self._schedule.trials.clear()

    def _feed(self) -> None:
        """Give each worker what it may train, the ones with the least first."""
        if self._late:
            return
        for ahead in range(AHEAD):
            for worker in self._workers:
                if len(worker.groups) == ahead and (group := self._schedule.group(worker.place, worker.groups)):
                    self._train(worker, group)
            idle = [worker for worker in self._workers if not worker.groups]
            if idle and self._movable:  # what the others have waiting is for these
                asked = any(worker.giving_up for worker in self._workers)
                if not asked:
                    self._fetch(self._schedule.elsewhere(idle[0].place))
                return

    def _train(self, worker: Worker, group: list[Progress]) -> None:
        if not worker.groups:
            worker.since = time.monotonic()
        worker.groups.append(group)
        trials = [assignment_to_json(t.trial) | {"until": t.until, "again": t.taken > 0} for t in group]
        for trial in group:
            trial.taken, trial.place = trial.taken + 1, worker.place
        room = self._room(len(self._workers))
        measure = self._schedule.unmeasured(group)
        worker.say({"do": "train", "trials": trials, "room": room, "end_by": self._end_by, "measure": measure})

    def _fetch(self, trials: list[Progress]) -> None:
        """Ask the worker that holds these trials to give them up."""
        if not trials or trials[0].place is None:
            return
        holder = self._workers[trials[0].place]
        for trial in trials:
            trial.leaving = True
        holder.giving_up += trials
        holder.say({"do": "give_up", "numbers": [t.number for t in trials], "room": self._room(len(self._workers))})

    def _listen(self, until: float | None) -> None:
        """Wait for the workers, and hear all that have something to say."""
        seconds = None if until is None else max(0.0, until - time.monotonic())
        if self._job.longest is not None:
            often = min(1.0, self._job.longest)
            seconds = often if seconds is None else min(seconds, often)
        by_connection = {worker.connection: worker for worker in self._workers}
        idle = 0 if self._late else sum(not worker.groups for worker in self._workers)
        held, began = min(idle, self._schedule.waiting()), time.monotonic()
        ready = wait(list(by_connection), seconds)
        self._waited += held * (time.monotonic() - began)
        for connection in ready:
            worker = by_connection[connection]  # type: ignore[index]
            try:
                self._hear(worker, receive(worker.connection))
            except (EOFError, OSError):
                self._died(worker, Failure.CRASHED)
        for worker in self._hanging():
            worker.kill()
            self._died(worker, Failure.TIMEOUT)

    def _hear(self, worker: Worker, message: Message) -> None:
        self._deaths = 0
        self._busy[worker.place] = message["busy"]
        self._shelve(message)
        if message["say"] == "trained":
            self._trained(worker, message)
        elif message["say"] == "given_up":
            given = {int(number): saved for number, saved in message["numbers"].items()}
            for trial in [trial for trial in worker.giving_up if trial.number in given]:
                worker.giving_up.remove(trial)
                trial.leaving = False
                if given[trial.number]:
                    trial.place = None
                else:
                    self._movable = False  # the disk has no room for checkpoints
        else:
            worker.closed = True

    def _trained(self, worker: Worker, message: Message) -> None:
        group = worker.groups.pop(0)
        worker.since = time.monotonic()
        for trial in group:
            trial.taken -= 1
        under_way = {trial.number: trial for trial in group if trial.number in self._schedule.trials}
        for number, known in message["began"].items():
            if int(number) in under_way:
                under_way[int(number)].began(worker.place, list(map(from_json, known)))  # type: ignore[arg-type]
        for number, what in message["failed"].items():
            if int(number) in under_way:
                self._failures += self._schedule.fail(under_way[int(number)], _fault(what))
        self._late |= message["late"]
        if message["chosen"] is not None:
            self._schedule.chosen[group[0].signature] = tuple(message["chosen"])
        members = [under_way[number] for number in message["group"] if number in under_way]
        if message["fault"] is not None:
            self._failures += self._schedule.failed(members, _fault(message["fault"]))
            for queued in worker.groups:
                queued[:] = [trial for trial in queued if trial not in members]
            return
        if message["events"]:
            self._epochs, self._stacks = self._epochs + len(message["events"]), self._stacks + 1
        self._failures += self._schedule.hear(map(from_json, message["events"]))
        for failure in self._schedule.overdue(members, self._job.longest):
            self._failures.append(failure)
            worker.say({"do": "forget", "number": failure.number})

    def _died(self, worker: Worker, failure: Failure) -> None:
        """Another one takes the place of a worker that is dead; what it held begins again from checkpoints.

        Of those that it was training nobody knows who killed it: each goes on alone.
        """
        self._deaths += 1
        if self._deaths > MOST_DEATHS:
            raise HpsearchError(f"{self._deaths} workers died one after the other; {self._log} may say why")
        held = [trial for trial in self._schedule.trials.values() if trial.place == worker.place]
        suspects = worker.groups[0] if worker.groups else []
        for trial in held:
            trial.lost()
        for trial in [trial for trial in suspects if trial in held]:
            trial.limit, trial.crashes = 1, trial.crashes + 1
            if failure is Failure.TIMEOUT and len(suspects) == 1:
                what = f"one epoch took longer than {self._job.longest:g} s"
                self._failures += self._schedule.fail(trial, Fault(failure, what))
            elif failure is Failure.CRASHED and trial.crashes > MOST_CRASHES:
                what = f"the worker that trained it died, {trial.crashes} times"
                self._failures += self._schedule.fail(trial, Fault(failure, what))
        self._busy_before[worker.place] += self._busy[worker.place]
        self._busy[worker.place] = 0.0
        worker.connection.close()
        self._workers[worker.place] = self._replacement(worker)

    def _replacement(self, worker: Worker) -> Worker:
        try:
            return self._hosts[worker.device].fork(worker.place)
        except HpsearchError:
            return self._new_host(worker.device).fork(worker.place)

    def _new_host(self, device: str) -> Host:
        """In place of one that is dead."""
        self._hosts[device].close()
        self._hosts[device] = Host(self._job, device, self._log)
        return self._hosts[device]

    def _hanging(self) -> Iterator[Worker]:
        """Workers whose group has had more time than all its trials may take."""
        if self._job.longest is not None:
            for worker in list(self._workers):
                most = self._job.longest * len(worker.groups[0]) + SLACK if worker.groups else 0.0
                if worker.groups and time.monotonic() - worker.since > most:
                    yield worker

    def _shelve(self, message: Message) -> None:
        """Keep the books of what a worker has written."""
        for kind, number, size in message["saved"]:
            if kind == "network":
                self._shelf.network_saved(number, size)
            elif kind == "no_room":
                self._shelf.no_room()
            elif number in self._schedule.trials:
                self._shelf.checkpoint_saved(number, size)
        for warning in message["warnings"]:
            self._shelf.warn(warning)

    def _room(self, workers: int) -> int:
        return max(0, self._shelf.room_for_checkpoints() // max(1, workers))

    def _await_closed(self, workers: list[Worker]) -> None:
        """Return when all have saved what they hold, or when the time has been up for a while."""
        last = None if self._end_by is None or not self._epochs else self._end_by + LEAVE_SECONDS
        while waiting := [worker for worker in workers if not worker.closed]:
            seconds = None if last is None else last - time.monotonic()
            if seconds is not None and seconds <= 0:
                return
            ready = wait([worker.connection for worker in waiting], seconds)
            for worker in [worker for worker in waiting if worker.connection in ready]:
                try:
                    message = receive(worker.connection)
                    self._busy[worker.place] = message["busy"]
                    worker.closed = message["say"] == "closed"
                except (EOFError, OSError):
                    worker.closed = True


def _fault(what: list[str]) -> Fault:
    return Fault(Failure(what[0]), *what[1:])
