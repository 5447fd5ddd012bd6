"""A study's folder of networks and checkpoints, kept within its disk budget."""

from __future__ import annotations

import logging
import math
from bisect import insort
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from hpsearch.files import write_whole
from hpsearch.training import network_files

if TYPE_CHECKING:
    from torch import Tensor

log = logging.getLogger("hpsearch")


def kept(sizes: Sequence[int], room: int) -> int:
    """How many networks stay, of those whose sizes in bytes are given best first.

    As many as fit into `room` bytes, without a gap; the best one always.
    """
    total = 0
    for count, size in enumerate(sizes):
        total += size
        if total > room and count:
            return count
    return len(sizes)


class Shelf:
    """Knows every file of the study in `folder`. There is one writer at a time.

    Within `disk` bytes, checkpoints go before networks, and better networks before worse ones; the best trial's
    network always stays.
    """

    def __init__(self, folder: Path, disk: int, direction: str) -> None:
        self._folder, self._disk, self._sign = folder, disk, -1 if direction == "maximize" else 1
        self._checkpoints: dict[int, int] = {}  # number → bytes
        self._new: dict[int, int] = {}  # the same for networks whose trial's value is not known yet
        self._ranked: list[tuple[float, int, int]] = []  # (rank, number, bytes) of all other networks, best first
        self._warned: set[str] = set()

    def tidy(self, values: Mapping[int, float], under_way: Collection[int]) -> None:
        """Take up what an earlier run left: networks of the trials in `values`, checkpoints of those under way.

        Everything else that a study writes here is a leftover, and goes.
        """
        for file in sorted(self._folder.glob("trial-*")):
            network, saved = network_files.NETWORK.fullmatch(file.name), network_files.CHECKPOINT.fullmatch(file.name)
            if network and (number := int(network[1])) in values:
                self._new[number] = self._new.get(number, 0) + file.stat().st_size
            elif saved and int(saved[1]) in under_way:
                self._checkpoints[int(saved[1])] = file.stat().st_size
            elif network or saved or network_files.PART.fullmatch(file.name):
                _discard(file)
        for number in sorted(self._new):
            self._rank(number, values[number])
        self._make_room()

    def put_network(self, number: int, last: dict[str, Tensor], best: dict[str, Tensor] | None) -> None:
        """Save a trained network, and that of the best epoch where it is another."""
        self.network_saved(number, write_network(self._folder, number, last, best, self.warn))

    def network_saved(self, number: int, size: int) -> None:
        """A trial's networks take so many bytes now; 0 where there are none."""
        if size:
            self._new[number] = size

    def room_for_checkpoints(self) -> int:
        """The bytes that checkpoints may still take, beside the best network."""
        return self._room() - (self._ranked[0][2] if self._ranked else 0)

    def put_checkpoint(self, number: int, *parts: bytes | memoryview) -> bool:
        """Save a checkpoint in place of an earlier one; False where the budget, or the disk, has no room for it."""
        size = sum(len(part) for part in parts)
        more = size - self._checkpoints.get(number, 0)
        if more > self.room_for_checkpoints():
            self.no_room()
            return False
        self._make_room(more)
        if not write_checkpoint(self._folder, number, parts, self.warn):
            return False
        self._checkpoints[number] = size
        return True

    def checkpoint_saved(self, number: int, size: int) -> None:
        """A trial's checkpoint takes so many bytes now."""
        self._checkpoints[number] = size
        self._make_room()

    def no_room(self) -> None:
        """Say once that the budget has no room for checkpoints."""
        what = f"execution.checkpoints.disk: {self._disk} bytes have no room for the checkpoints of all trials"
        self.warn(f"{what} under way; without one, a trial that is stopped begins anew")

    def warn(self, message: str) -> None:
        """Say it once."""
        if message not in self._warned:
            self._warned.add(message)
            log.warning("%s", message)

    def ended(self, number: int, value: float | None) -> None:
        """A trial is over: its checkpoint goes, and without a value its network too, if there is any."""
        _discard(network_files.checkpoint(self._folder, number))
        self._checkpoints.pop(number, None)
        if number in self._new:
            if value is None:
                del self._new[number]
                self._remove(number)
            else:
                self._rank(number, value)
        self._make_room()

    def _rank(self, number: int, value: float) -> None:
        """Of equal values the first trial's is better; one that is not a number is the worst."""
        rank = math.inf if math.isnan(value) else self._sign * value
        insort(self._ranked, (rank, number, self._new.pop(number)))

    def _room(self) -> int:
        """The bytes that are left for networks of known value."""
        return self._disk - sum(self._checkpoints.values()) - sum(self._new.values())

    def _make_room(self, wanted: int = 0) -> None:
        """Remove the worst networks until the rest, with `wanted` bytes more, is within the budget."""
        stay = kept([size for _, _, size in self._ranked], self._room() - wanted)
        for _, number, _ in self._ranked[stay:]:
            self._remove(number)
        del self._ranked[stay:]

    def _remove(self, number: int) -> None:
        for file in (network_files.last(self._folder, number), network_files.best(self._folder, number)):
            _discard(file)


def write_network(
    folder: Path, number: int, last: dict[str, Tensor], best: dict[str, Tensor] | None, warn: Callable[[str], None]
) -> int:
    """Save a trained network, and that of the best epoch where it is another. Returns the bytes they take."""
    from hpsearch.training import weights  # PyTorch, which only those that train import

    paths = network_files.last(folder, number), network_files.best(folder, number)
    try:
        for file, state in zip(paths, (last, best), strict=True):
            file.unlink(missing_ok=True)
            if state is not None:
                weights.save(file, state)
    except OSError as error:
        warn(f"{folder}: a network could not be saved: {error.strerror}")
    return sum(file.stat().st_size for file in paths if file.exists())


def write_checkpoint(
    folder: Path, number: int, parts: Sequence[bytes | memoryview], warn: Callable[[str], None]
) -> bool:
    """Save a checkpoint; False where the disk does not take it."""
    try:
        write_whole(network_files.checkpoint(folder, number), *parts)
    except OSError as error:
        warn(f"{folder}: a checkpoint could not be saved: {error.strerror}")
        return False
    return True


def _discard(file: Path) -> None:
    """Remove a file if it is there. One that can't be removed now is tidied up by a later run."""
    with suppress(OSError):
        file.unlink()
