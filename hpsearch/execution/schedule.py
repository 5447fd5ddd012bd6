"""Which trials train next, and where: no tensor, no process, so that its laws can be tested."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hpsearch.events import Assignment, EpochEnded, Event, Failure, TrialFailed
from hpsearch.execution.packing import pack
from hpsearch.execution.progress import Progress
from hpsearch.training.config import Signature, configure, signature


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong while trials trained together."""

    failure: Failure
    message: str
    traceback: str = ""


class Schedule:
    """The trials under way over `places` workers.

    A worker takes the trial that is furthest behind in virtual time, with as many of its kind as fit into a stack,
    among those whose networks it holds or nobody does.
    """

    def __init__(self, stack: int, places: int = 1, *, measured: bool = False) -> None:
        """`stack` is the most trials that train together; where it is `measured`, `chosen` says less for a kind."""
        self.trials: dict[int, Progress] = {}
        self.places = places
        self.chosen: dict[Signature, tuple[int, float]] = {}
        """By kind of network: the trials that train together, and how many times faster that is than alone."""
        self._stack, self._measured = stack, measured

    def submit(self, trial: Assignment, tick: int, until: int, ticks: int = 1) -> None:
        config = configure(trial.values)
        self.trials[trial.number] = Progress(trial, config, signature(config), tick, until, self._stack, ticks)

    def extend(self, number: int, until: int) -> None:
        """Let this trial go on to epoch `until`, unless it has failed, which may not have been heard yet."""
        if number in self.trials:
            self.trials[number].until = until

    def kinds(self) -> set[Signature]:
        """The signatures of the trials under way."""
        return {trial.signature for trial in self.trials.values()}

    def tell(self) -> list[Event]:
        """All that is known, allowed and not told yet."""
        return [event for trial in self.trials.values() for event in trial.tell()]

    def waiting(self) -> int:
        """How many trials have said all that they may, and wait for a decision."""
        return sum(trial.held for trial in self.trials.values())

    def group(self, place: int, under_way: Sequence[Sequence[Progress]] = ()) -> list[Progress]:
        """The trials that this worker trains next, together; none when there are none for it.

        `under_way` are the groups that it has already. Their trials may go on, for one epoch more, with new ones of
        their kind: so a stack stays as large as it can be, and its worker need not wait for us between two epochs.
        A new trial waits for the worker that has most of its kind, so that stacks are full, unless that one has its
        share of all trials, or this one has nothing else to do.
        """
        queued = {trial.number for group in under_way for trial in group}
        measuring = {group[0].signature for group in under_way if group and self._unknown(group[0].signature)}
        here = [t for t in self.trials.values() if t.place in (None, place) and t.signature not in measuring]
        ready = [t for t in here if t.ready or (t.number in queued and t.taken == 1 and t.next < t.until)]
        held, share = self._held(), self._share()
        room = {at: share - sum(kinds.values()) for at, kinds in held.items()}
        homes = _homes({at: kinds for at, kinds in held.items() if room[at] > 0})
        new = [t for t in ready if t.place is None and homes.get(t.signature, place) == place]
        own = [t for t in ready if t.place == place] + new[: max(0, room[place])]
        return self._group(own or ready)

    def unmeasured(self, group: Sequence[Progress]) -> bool:
        """Whether it is to be measured first how many of this kind should train together."""
        return len(group) > 1 and self._unknown(group[0].signature)

    def elsewhere(self, place: int) -> list[Progress]:
        """For a worker that has nothing to do: trials that others hold and do not train, half of what one of them has.

        They train here once their networks have been given up there.
        """
        waiting: dict[int, list[Progress]] = {}
        for trial in self.trials.values():
            if trial.ready and trial.place is not None and trial.place != place:
                waiting.setdefault(trial.place, []).append(trial)
        if not waiting:
            return []
        most = max(waiting.values(), key=len)
        group = self._group(most)
        return group if len(group) < len(most) else group[: -(-len(group) // 2)]

    def failed(self, members: Sequence[Progress], fault: Fault) -> list[Event]:
        """A lone trial fails; a stack is taken apart, for one trial may have spoilt it for the others.

        Each begins again, from its checkpoint or its first epoch, in smaller stacks (half for want of memory, else
        alone), which gives the same numbers, and says only what it has not said yet.
        """
        if len(members) == 1:
            return self.fail(members[0], fault)
        for trial in members:
            trial.limit = len(members) // 2 if fault.failure is Failure.OUT_OF_MEMORY else 1
            trial.lost()
        return []

    def fail(self, trial: Progress, fault: Fault) -> list[Event]:
        """This trial is over, after what it has not told yet."""
        del self.trials[trial.number]
        last = trial.tell()
        return [*last, TrialFailed(trial.number, trial.told, fault.failure, fault.message, fault.traceback)]

    def overdue(self, members: Iterable[Progress], longest: float | None) -> list[Event]:
        """The failures of those that have trained for more than `longest` seconds, and are not done."""
        late: list[Event] = []
        for trial in members:
            going_on = trial.number in self.trials and trial.epoch < trial.config.epochs
            if longest is not None and going_on and trial.seconds > longest:
                what = f"trained for {trial.seconds:.1f} s, longer than {longest:g} s"
                late += self.fail(trial, Fault(Failure.TIMEOUT, what))
        return late

    def hear(self, events: Iterable[Event]) -> list[Event]:
        """Take note of what training said; returns what is to be told at once: that a trial has failed."""
        failures: list[Event] = []
        for event in events:
            trial = self.trials.get(event.number)
            if trial is None:
                continue
            if isinstance(event, EpochEnded):
                trial.trained(event)
            elif isinstance(event, TrialFailed):
                # Epochs that may not be told yet would be told after the failure.
                del self.trials[event.number]
                failures += [*trial.past[trial.told :], event]
        return failures

    def _group(self, ready: Sequence[Progress]) -> list[Progress]:
        if not ready:
            return []
        behind = min(ready, key=lambda t: (t.reached, t.number))
        mates = {t.number: t.signature for t in ready if (t.signature, t.limit) == (behind.signature, behind.limit)}
        packed = pack(mates, self._most(behind))
        return next([self.trials[n] for n in group] for group in packed if behind.number in group)

    def _most(self, trial: Progress) -> int:
        """The most trials that train together with this one."""
        return min(trial.limit, self._share(), self.chosen.get(trial.signature, (trial.limit, 1.0))[0])

    def _unknown(self, kind: Signature) -> bool:
        """Whether it is not measured yet how many of this kind should train together, but is to be."""
        return self._measured and kind not in self.chosen

    def _held(self) -> dict[int, Counter[Signature]]:
        """By worker: the kinds of the trials that it holds and that may train on."""
        held: dict[int, Counter[Signature]] = {place: Counter() for place in range(self.places)}
        for trial in self.trials.values():
            if trial.place is not None and trial.going:
                held[trial.place][trial.signature] += 1
        return held

    def _share(self) -> int:
        """The most trials that a worker may take so that the others get some too."""
        going = sum(trial.going for trial in self.trials.values())
        return max(1, -(-going // self.places))


def _homes(held: Mapping[int, Counter[Signature]]) -> dict[Signature, int]:
    """By kind: the worker that holds most trials of it."""
    kinds = {kind for counted in held.values() for kind in counted}
    return {kind: max(held, key=lambda place: held[place][kind]) for kind in kinds}
