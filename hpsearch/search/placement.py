"""Who trained a trial: the workers that it was with, one after the other, and how many trials trained beside it."""

from __future__ import annotations

from dataclasses import dataclass

from hpsearch.events import History


@dataclass(frozen=True, slots=True)
class Stay:
    """The epochs from `first` to `last` in which one worker trained a trial; `stacks` has each epoch's stack size."""

    worker: int
    first: int
    stacks: tuple[int, ...]

    @property
    def last(self) -> int:
        return self.first + len(self.stacks) - 1

    def sentence(self) -> str:
        """As in "worker 0, epochs 1 to 8, 2 to 4 trials together"."""
        epochs = f"epoch {self.first}" if self.first == self.last else f"epochs {self.first} to {self.last}"
        least, most = min(self.stacks), max(self.stacks)
        company = "alone" if most == 1 else f"{least if least == most else f'{least} to {most}'} trials together"
        return f"worker {self.worker}, {epochs}, {company}"


def stays(history: History) -> tuple[Stay, ...]:
    """The stays of a trial by epoch; none where nothing is recorded, or where it was trained nowhere."""
    found: list[Stay] = []
    ends = [placement.epoch for placement in history.trained_by[1:]] + [history.epochs + 1]
    for (epoch, worker, stack), end in zip(history.trained_by, ends, strict=False):
        stacks = (stack,) * (end - epoch)
        if found and found[-1].worker == worker:
            before = found.pop()
            epoch, stacks = before.first, before.stacks + stacks
        found.append(Stay(worker, epoch, stacks))
    return tuple(found)
