"""Where a trial's loss was going: whether it still falls, stands still, or jumps."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean

from hpsearch.events import History
from hpsearch.training.findings import Finding

FEWEST = 3  # epochs to tell a fall by …
FEWEST_FLAT = 6  # … and to tell that there is none
FALL = 0.05  # still improving: in the last third, dev loss was lower than in the one before by this share …
FALL_SEEN = 0.02  # … and by this share of the trivial loss
STILL = 0.01  # a loss stands still that moves by less than this share of the trivial loss from one third to the next
ROOM = 0.1  # a standstill above this share of the trivial loss is one that came too early
JUMP, JUMP_FACTOR = 0.1, 1.5  # a jump is up by this share of the trivial loss, and to so many times the loss before


def trends(history: History, trivial: float, whole: bool) -> list[Finding]:
    """What the losses did; `trivial` is the loss of an answer that is the same for every input.

    A trial that is not `whole` was stopped early, which says more than its trend.
    """
    train, dev = history.metrics.get("train_loss", []), history.metrics.get("dev_loss", [])
    found = [_unstable(train, trivial)]
    if whole and dev and len(train) == len(dev):
        found += [_still_improving(dev, trivial) or _plateaued(history, train, dev, trivial)]
    return [finding for finding in found if finding is not None]


def _unstable(train: Sequence[float], trivial: float) -> Finding | None:
    jumps = [
        (now - before, epoch)
        for epoch, (before, now) in enumerate(pairwise(train), 2)
        if now - before >= JUMP * trivial and now >= JUMP_FACTOR * before
    ]
    if not jumps:
        return None
    _, epoch = max(jumps)
    often = "once" if len(jumps) == 1 else f"{len(jumps)} times"
    what = f"Train loss jumped up {often}, in epoch {epoch} from {train[epoch - 2]:.3g} to {train[epoch - 1]:.3g}."
    return Finding("unstable", what)


def _still_improving(dev: Sequence[float], trivial: float) -> Finding | None:
    if len(dev) < FEWEST:
        return None
    third = len(dev) // 3
    before, now = fmean(dev[-2 * third : -third]), fmean(dev[-third:])
    # The lowest loss has to be a late one: a fall that has ended is none.
    late = min(dev) >= min(dev[-max(1, third // 2) :])
    # From above the trivial loss, it only comes back to where it could have begun.
    if before - now < max(FALL * before, FALL_SEEN * trivial) or not late or now >= trivial:
        return None
    if third == 1:
        span = f"{now:.3g} in the last epoch, {before:.3g} in the one before"
    else:
        span = f"{now:.3g} on average over the last {third} epochs, {before:.3g} over the {third} before"
    return Finding("still_improving", f"Dev loss was still falling: {span}.")


def _plateaued(history: History, train: Sequence[float], dev: Sequence[float], trivial: float) -> Finding | None:
    if len(dev) < FEWEST_FLAT:
        return None
    third = len(dev) // 3
    moved = [abs(fmean(one[-2 * third : -third]) - fmean(one[-third:])) for one in (train, dev)]
    measured = [s["train_part_loss"][0] for _, s in sorted(history.signals.items()) if s.get("train_part_loss")]
    level = measured[-1] if measured else train[-1]
    if max(moved) > STILL * trivial or level < ROOM * trivial:
        return None
    what = f"The losses have stood still for {2 * third} epochs: train {level:.3g}, dev {dev[-1]:.3g}."
    return Finding("plateaued", what)
