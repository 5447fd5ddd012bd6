"""One trial under way as a scheduler sees it: how far it may train, where its network is, what it has told."""

from __future__ import annotations

from dataclasses import dataclass, field

from hpsearch.events import Assignment, EpochEnded, Event, TrialEnded
from hpsearch.training.config import Config, Signature


@dataclass(slots=True, eq=False)
class Progress:
    """It holds no tensor. `until` is the epoch after which it waits; `limit` the most trials in its stack;
    `ticks` what an epoch takes in virtual time, from `tick` on.

    `place` is the worker that holds its network, None where there is none but perhaps a checkpoint, and `epoch` how
    far that network is trained; `taken` counts the epochs that this worker has been told to train beyond that, and
    `leaving` says that it is to give the network up. `past` holds all epochs that are known, `told` says how many of
    them are told; after a new beginning `past` may be ahead of `epoch`. `crashes` counts the workers that died while
    they trained it.
    """

    trial: Assignment
    config: Config
    signature: Signature
    tick: int
    until: int
    limit: int
    ticks: int = 1
    epoch: int = 0
    place: int | None = None
    taken: int = 0
    leaving: bool = False
    past: list[EpochEnded] = field(default_factory=list)
    told: int = 0
    ended: bool = False
    crashes: int = 0

    @property
    def number(self) -> int:
        return self.trial.number

    @property
    def ready(self) -> bool:
        """Whether it may train one more epoch, and nobody does that now."""
        return self.going and not self.taken and not self.leaving

    @property
    def going(self) -> bool:
        """Whether it trains, or may."""
        return self.epoch < self.until

    @property
    def next(self) -> int:
        """How many epochs it will have trained when its worker has done what it was told."""
        return self.epoch + self.taken

    @property
    def reached(self) -> int:
        """The place in virtual time that it will have reached by then."""
        return self.tick + self.next * self.ticks

    @property
    def held(self) -> bool:
        """Whether it waits after an epoch, or at its end, for what is decided there."""
        return not self.taken and self.told > 0 and self.told >= self.until

    @property
    def seconds(self) -> float:
        """Of training, as far as it is known."""
        return sum(event.seconds for event in self.past)

    def began(self, place: int, known: list[EpochEnded]) -> None:
        """A worker has made its network, as it is after the epochs that are known from a checkpoint."""
        self.place, self.epoch = place, len(known)
        self.past += known[len(self.past) :]

    def trained(self, event: EpochEnded) -> None:
        """One more epoch is trained."""
        self.epoch = event.epoch
        if event.epoch > len(self.past):
            self.past.append(event)

    def lost(self) -> None:
        """Its network is gone: it begins again from its checkpoint, or anew."""
        self.place, self.epoch, self.taken, self.leaving = None, 0, 0, False

    def tell(self) -> list[Event]:
        """What is known, allowed and not told yet."""
        first, self.told = self.told, max(self.told, min(self.until, len(self.past)))
        events: list[Event] = [*self.past[first : self.told]]
        # Its network is saved once it is there after the last epoch.
        if self.told == self.epoch == self.config.epochs and not self.ended:
            self.ended = True
            events.append(TrialEnded(self.number, self.told))
        return events
