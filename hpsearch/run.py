"""The loop, read it first: ask, hand out, hear, decide, tell. One coordinator is a study's only writer.

    executor ──events──▶ virtual clock ──in order──▶ commit ──▶ storage (the truth) ──▶ outbox (MLflow's mirror)
        ▲                                              │
        └────────────── assignments ◀───── ask ◀───────┘

Every decision depends on the study file, the seed and what stands before it in virtual time (law 3), and
is written before anybody is told (law 5), so the coordinator may die anywhere and go on later.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from hpsearch.errors import HpsearchError
from hpsearch.events import Assignment, EpochEnded, Event, Failure, History, TrialEnded, TrialFailed
from hpsearch.execution.executor import Executor
from hpsearch.search.clock import ORDERS, Position
from hpsearch.search.mirroring import Record, mirror_end, mirror_epoch, mirror_start, mirror_whole
from hpsearch.search.records import TrialRecord
from hpsearch.search.study import SearchStudy, assignment, epochs_of, position, ticks_of
from hpsearch.search.tally import Tally
from hpsearch.training.diagnosis import diagnose


@dataclass(slots=True)
class _UnderWay:
    """A trial in a slot: its epochs, those after which the pruner decides, and what it said so far."""

    epochs: int
    decisions: list[int]
    history: History = field(default_factory=History)
    seconds: float = 0.0

    def until(self) -> int:
        """How far it may train before the next decision."""
        return next((d for d in self.decisions if d > self.history.epochs), self.epochs)


class Coordinator:
    """Runs a study to its total. `step` until it returns False; between two steps everything is safe."""

    def __init__(
        self,
        study: SearchStudy,
        executor: Executor,
        record: Record,
        listener: Callable[[TrialRecord], None] | None = None,
    ) -> None:
        """`listener` is told of each trial that has ended."""
        self.study, self._executor, self._record, self._listener = study, executor, record, listener
        self._search, self._objective = study.file.search, study.file.objective
        self._under_way: dict[int, _UnderWay] = {}
        self.tally = Tally(study.file.objective.direction)
        self.exhausted = False
        self.deciding = 0.0
        """Seconds spent in deciding, and in writing that down."""
        self._resumed = position(study.trials)
        self._clock = ORDERS[self._search.order](self._resumed)
        self._take_up()

    @property
    def running(self) -> int:
        """How many trials are under way or wait for the result of one that is."""
        return len(self._under_way) + self.study.waiting

    def step(self, until: float | None = None) -> bool:
        """Train a little, and deal with all events whose turn has come. False when the study is done.

        It returns soon after the monotonic clock has passed `until`.
        """
        if not self._under_way:
            return False
        events = self._executor.poll(until)
        began = time.perf_counter()
        for event in events:
            self._clock.arrived(event)
        for place, event in self._clock.due():
            self._commit(place, event)
        self.study.sync()
        self.deciding += time.perf_counter() - began
        late = until is not None and time.monotonic() >= until
        if not events and self._under_way and not late:
            raise HpsearchError(f"none of the {self.running} trials under way can go on; this is a defect")
        return bool(self._under_way)

    def _take_up(self) -> None:
        """Go on where the storage stands; trials under way go on or begin again, and will come to the same."""
        values = {}
        self.study.end_repeats(self._resumed[0])
        trials = self.study.record().trials
        for record, stored in zip(trials, self.study.trials, strict=True):
            mirror_start(self._record, record)
            if record.finished:
                mirror_whole(self._record, record)
                if record.scored and record.value is not None and record.trained:
                    values[record.number] = record.value
            elif record.repeats is None:
                self._begin(*assignment(stored), reported=max(stored.intermediate_values, default=0))
        for number in self.study.ends:
            self.tally.add(trials[number])
        self._executor.tidy(values)
        self._fill(self._resumed[0])

    def _begin(self, trial: Assignment, tick: int, reported: int = 0) -> None:
        epochs = epochs_of(trial.values)
        under_way = _UnderWay(epochs, self.study.pruner.decisions(trial.number, epochs))
        self._under_way[trial.number] = under_way
        each = ticks_of(self.study.trials[trial.number])
        self._clock.begin(trial.number, tick, epochs, reported, each)
        self._executor.submit(trial, tick=tick, until=under_way.until(), ticks=each)

    def _fill(self, tick: int) -> None:
        """Ask for new trials until the slots are full, or there shall be no more."""
        while self.running < self._search.slots and not self.exhausted:
            if self.running + self.tally.finished >= self._search.trials or self.tally.limit(self._search):
                return
            trial = self.study.ask(tick)
            if trial is None:
                self.exhausted = True
                return
            begun = self.study.trial(trial.number)
            mirror_start(self._record, begun)
            if begun.trained:
                self._begin(trial, tick)
            elif begun.finished:
                self._ended(begun)

    def _commit(self, place: Position, event: Event) -> None:
        trial = self._under_way[event.number]
        if isinstance(event, EpochEnded):
            self._hear(event, trial)
            if event.epoch in trial.decisions:
                self._decide(place, event, trial)
        elif isinstance(event, TrialEnded):
            if (values := self._values(event.number, trial)) is not None:
                self._end(place, event, values=values)
            else:
                why = "what this network costs could not be counted"
                self._end(place, event, values=None, failure=(Failure.ERROR, why, ""))
        else:
            if event.spoilt is not None:
                self._hear(event.spoilt, trial)
            values = self.study.objectives.worst() if event.failure is Failure.DIVERGED else None
            self._end(place, event, values=values, failure=(event.failure, event.message, event.traceback))

    def _hear(self, event: EpochEnded, trial: _UnderWay) -> None:
        trial.history.add(event)
        trial.seconds += event.seconds
        self.tally.hear(event.number, event.epoch, event.metrics[self._objective.metric])
        mirror_epoch(self._record, event)

    def _decide(self, place: Position, event: EpochEnded, trial: _UnderWay) -> None:
        """Let the pruner decide, unless an earlier run did, and let the trial go on."""
        if not self._clock.decided(place, event):
            self.study.report(event.number, event.epoch, event.metrics[self._objective.metric])
            if self.study.prunes(event.number, event.epoch):
                self._end(place, event, values=self._values(event.number, trial), pruned=True)
                return
        self._executor.extend(event.number, trial.until())

    def _values(self, number: int, trial: _UnderWay) -> list[float] | None:
        return self.study.objectives.values(trial.history, self.study.trial(number).costs)

    def _end(
        self,
        place: Position,
        event: EpochEnded | TrialEnded | TrialFailed,
        *,
        values: list[float] | None,
        pruned: bool = False,
        failure: tuple[Failure, str, str] | None = None,
    ) -> None:
        """Write a trial's end, then mirror it, then give its slot to the next."""
        trial = self._under_way.pop(event.number)
        self._clock.end(event.number)
        self.study.tell(
            event.number,
            values,
            trial.history,
            place[0],
            pruned=pruned,
            failure=failure,
            seconds=trial.seconds,
            diagnosis=diagnose(trial.history, trial.epochs),
        )
        ended = self.study.trial(event.number)
        self._executor.stop(event.number, ended.value if ended.scored else None)
        self._ended(ended)
        for number in self.study.end_repeats(place[0]):
            self._ended(self.study.trial(number))
        self._fill(place[0])

    def _ended(self, trial: TrialRecord) -> None:
        """Let everybody know of an end that is written."""
        (mirror_end if trial.trained else mirror_whole)(self._record, trial)
        self.tally.add(trial)
        if self._listener is not None:
            self._listener(trial)
