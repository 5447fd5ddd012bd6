"""What is wrong with a trial, not only how well it does: a pure function of its history.

The lecture's table decides the verdict by train error and dev error:

    train low,  dev low     learning          train high, dev high    not_learning
    train low,  dev high    overfitting       train high, dev low     suspicious

An error counts as low or high by what an answer makes that is the same for every input. Both errors are measured
alike (`train_part_…` of `probe.py`); where that is missing, the train error is the mean over the epoch's batches.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from hpsearch.events import History
from hpsearch.training.divergence import divergence
from hpsearch.training.findings import Finding
from hpsearch.training.signs import inside
from hpsearch.training.trends import trends

LEARNED = 0.5  # a train error is low where at least this share of the trivial error is gone …
LEARNED_NUMBERS = 0.3  # … and of a squared error, for numbers to predict hold noise that no network can learn
GAP = 0.1  # two errors differ where they are this share of the trivial error apart …
GAP_NUMBERS = 0.2
SURE = 2.0  # … and this many standard errors of the dev part
RISE, RISE_FACTOR = 0.05, 1.25  # dev loss has risen by this share of the trivial loss, and to so many times its best
OVERCOME = 0.9  # what was wrong inside a network matters no more where this share of the trivial error is gone


@dataclass(frozen=True, slots=True)
class Scores:
    """Train and dev error, and that of the trivial answer; `noise` is the standard error of their difference.

    `words` are the figures in prose; `alike` says that both errors were measured in the same way.
    """

    train: float
    dev: float
    trivial: float
    noise: float
    words: str
    numbers: bool
    alike: bool

    @property
    def learned(self) -> bool:
        return self.gone(self.train) >= (LEARNED_NUMBERS if self.numbers else LEARNED)

    @property
    def low(self) -> float:
        """The largest train error that counts as low."""
        return self.trivial * (1 - (LEARNED_NUMBERS if self.numbers else LEARNED))

    @property
    def gap(self) -> float:
        """What counts as a difference."""
        return max((GAP_NUMBERS if self.numbers else GAP) * self.trivial, SURE * self.noise)

    def gone(self, error: float) -> float:
        """The share of the trivial error that is gone: 1 for no error, 0 for the trivial one."""
        return 1 - error / self.trivial


def diagnose(history: History, epochs: int | None = None) -> tuple[Finding, ...]:
    """The verdict, and then what else there is to say; nothing where the history has no train and dev scores.

    `epochs` is how many the trial was to train: one that was stopped before is not asked whether it still
    improves or has come to a standstill.
    """
    broken = _diverged(history)
    if broken is not None:
        return broken, *inside(history)
    scores = last_scores(history)
    if scores is None:
        return ()
    whole = epochs is None or history.epochs >= epochs
    trivial = _trivial_loss(history)
    overcome = scores.gone(scores.train) >= OVERCOME
    return _verdict(history, scores), *trends(history, trivial, whole), *inside(history, overcome)


def last_scores(history: History) -> Scores | None:
    """Train and dev error when both were last measured: shares of wrong answers, or else losses."""
    return _errors(history) or _losses(history)


def _diverged(history: History) -> Finding | None:
    for name in ("train_loss", "dev_loss"):
        values = history.metrics.get(name, [])
        for index, value in enumerate(values):
            if wrong := divergence({name: value}):
                said = f", after {values[index - 1]:.4g} in the epoch before" if index else ""
                return Finding("diverged", f"The {wrong} in epoch {index + 1}{said}.")
    return None


def _verdict(history: History, scores: Scores) -> Finding:
    if scores.train - scores.dev >= scores.gap and (scores.alike or _only_dev_learned(scores)):
        return Finding("suspicious", f"Dev did better than train: {scores.words}.")
    if not scores.learned:
        return Finding("not_learning", f"Much of the training part is not learned: {scores.words}.")
    rise = _rise(history)
    if rise:
        return Finding("overfitting", rise)
    if scores.dev - scores.train >= scores.gap:
        return Finding("overfitting", f"Dev did worse than train: {scores.words}.")
    return Finding("learning", f"What was learned holds on dev too: {scores.words}.")


def _only_dev_learned(scores: Scores) -> bool:
    return not scores.learned and scores.gone(scores.dev) >= (LEARNED_NUMBERS if scores.numbers else LEARNED)


def _rise(history: History) -> str:
    """A sentence where dev loss rose from its best on while train loss fell."""
    train, dev = history.metrics.get("train_loss", []), history.metrics.get("dev_loss", [])
    if len(dev) < 4 or len(train) != len(dev):
        return ""
    best = min(range(len(dev)), key=lambda index: dev[index])
    now, least = min(dev[-3:]), dev[best]
    # A mean over n samples, some of which cost as much as the trivial answer, is known to about 1/√n of that.
    seen = max(RISE, 1 / math.sqrt(_samples(history))) * _trivial_loss(history)
    if now < RISE_FACTOR * least or now - least < seen or train[-1] >= train[best]:
        return ""
    return (
        f"Dev loss rose from {least:.3g} in epoch {best + 1} to {dev[-1]:.3g} in epoch {len(dev)}, "
        f"while train loss fell from {train[best]:.3g} to {train[-1]:.3g}."
    )


def _errors(history: History) -> Scores | None:
    """Shares of samples that are classified wrongly; None where that is not what was measured."""
    told = _told(history, "accuracy")
    if told is None:
        return None
    epoch, train, dev, alike = told
    first = max(1 - history.metrics[name][0] for name in ("train_accuracy", "dev_accuracy") if name in history.metrics)
    known = _fact(history, "trivial_accuracy")
    trivial = max(0.01, max(0.5, first) if known is None else 1 - known)
    words = f"after epoch {epoch} train accuracy was {train:.3f} and dev accuracy {dev:.3f}"
    words += "" if known is None else f", where a constant answer has {known:.3f}"
    noise = math.sqrt(max(0.0, train * (1 - train) + dev * (1 - dev)) / _samples(history))
    return Scores(1 - train, 1 - dev, trivial, noise, words, numbers=False, alike=alike)


def _losses(history: History) -> Scores | None:
    told = _told(history, "loss")
    if told is None:
        return None
    epoch, train, dev, alike = told
    trivial = _trivial_loss(history)
    words = f"after epoch {epoch} train loss was {train:.3g} and dev loss {dev:.3g}"
    words += f", where a constant answer has {trivial:.3g}"
    # Squares of normal errors have a standard deviation of √2 times their mean.
    noise = math.hypot(train, dev) * math.sqrt(2 / _samples(history))
    return Scores(train, dev, trivial, noise, words, numbers=True, alike=alike)


def _told(history: History, what: str) -> tuple[int, float, float, bool] | None:
    """The last epoch with both, train and dev score there, and whether they were measured alike."""
    dev, mean = history.metrics.get(f"dev_{what}", []), history.metrics.get(f"train_{what}", [])
    for epoch in sorted(history.signals, reverse=True):
        part = history.signals[epoch].get(f"train_part_{what}")
        if part and math.isfinite(part[0]) and epoch <= len(dev):
            return epoch, part[0], dev[epoch - 1], True
    if not dev or len(dev) != len(mean):
        return None
    return len(dev), mean[-1], dev[-1], False


def _trivial_loss(history: History) -> float:
    """The loss of an answer that is the same for every input; where it is not known, that of the first epoch."""
    known = _fact(history, "trivial_loss")
    if known is None:
        firsts = [history.metrics[name][0] for name in ("train_loss", "dev_loss") if history.metrics.get(name)]
        known = max(firsts, default=1.0)
    return max(known, 1e-6)


def _samples(history: History) -> float:
    """How many samples the dev part has; where it is not known, so many that they show no noise."""
    known = _fact(history, "dev_samples")
    return math.inf if known is None else max(1.0, known)


def _fact(history: History, name: str) -> float | None:
    """What was measured before the first epoch under this name."""
    values: Sequence[float] = history.signals.get(1, {}).get(name, ())
    return values[0] if values else None
