"""Whether the dev part is like the training part: a network can only be judged by what it could have learnt."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from hpsearch.training.data.arrays import Dataset

SIGNIFICANT = 1e-4  # the chance of a warning for parts that were drawn alike
NOTABLE = 0.1  # a smaller Kolmogorov-Smirnov distance, or difference of shares, is of no use to anybody
MOST_ROWS = 2000
BLOCK = 256
FEWEST_EXPECTED = 5  # below, the chi-square statistic does not follow its distribution


def warnings(data: Dataset) -> list[str]:
    """A sentence for the classes, and one for the features, in which train and dev are not alike."""
    return [*_classes(data), *_features(data)]


def _classes(data: Dataset) -> Iterator[str]:
    """Pearson's chi-square test of homogeneity over the classes."""
    if data.task == "regression":
        return
    counts = torch.stack([y.bincount(minlength=data.classes).double() for y in (data.train_y, data.dev_y)])
    # Samples of one group are no independent draws: a part says as much as it has groups.
    draws = torch.tensor([[_draws(data, part)] for part in ("train", "dev")])
    counts = counts * draws / counts.sum(1, keepdim=True)
    shares = counts / counts.sum(1, keepdim=True)
    if strange := [c for c in range(data.classes) if counts[0, c] == 0 and counts[1, c] > 0]:
        yield f"train and dev are not alike: train has no sample of class {_class(data, strange[0])}, which dev has"
    expected = counts.sum(0) * counts.sum(1, keepdim=True) / counts.sum()
    enough = expected.amin(0) >= FEWEST_EXPECTED
    statistic = float(((counts - expected).square() / expected)[:, enough].sum())
    freedom = int(enough.sum()) - 1
    if freedom < 1 or _chi_square_tail(statistic, freedom) > SIGNIFICANT:
        return
    worst = int((shares[0] - shares[1]).abs().argmax())
    if float((shares[0] - shares[1]).abs().max()) >= NOTABLE / 2:
        has = " and ".join(
            f"{share:.1%} of {part}" for share, part in zip(shares[:, worst], ("train", "dev"), strict=True)
        )
        yield f"train and dev are not alike: class {_class(data, worst)} is {has}"


def _features(data: Dataset) -> Iterator[str]:
    """Two-sample Kolmogorov-Smirnov tests, corrected for their number (Bonferroni)."""
    train, dev = _table(data.train_x, data.train_y, data), _table(data.dev_x, data.dev_y, data)
    distances = torch.cat(
        [
            kolmogorov_smirnov(train[:, start : start + BLOCK], dev[:, start : start + BLOCK])
            for start in range(0, train.shape[1], BLOCK)
        ]
    )
    draws = min(len(train), _draws(data, "train")), min(len(dev), _draws(data, "dev"))
    weight = math.sqrt(math.prod(draws) / sum(draws))
    # The first term of Kolmogorov's series, which is an upper bound of it.
    chances = (2 * torch.exp(-2 * (distances * weight).square())).clamp(max=1) * len(distances)
    shifted = ((chances < SIGNIFICANT) & (distances > NOTABLE)).nonzero().flatten()
    if not len(shifted):
        return
    worst = shifted[distances[shifted].argsort(descending=True)][:3].tolist()
    shifts = _mean_differences(train, dev)
    told = [f"{_name(data, column)} ({shifts[column]:+.2f} standard deviations)" for column in worst]
    others = f" and {len(shifted) - len(told)} more" if len(shifted) > len(told) else ""
    yield f"train and dev are not alike: dev is shifted in {', '.join(told)}{others}"


def kolmogorov_smirnov(a: Tensor, b: Tensor) -> Tensor:
    """The largest distance between two empirical distributions, for each column of [sample, column]."""
    values, order = torch.cat([a, b]).sort(0)
    first = (order < len(a)).double()
    steps = (first / len(a) - (1 - first) / len(b)).cumsum(0)
    ends = torch.ones_like(values, dtype=torch.bool)  # among equal values only the last one's place counts
    ends[:-1] = values[1:] != values[:-1]
    return (steps.abs() * ends).amax(0)


def _table(x: Tensor, y: Tensor, data: Dataset) -> Tensor:
    """Some of a part's samples [sample, feature], float64; numbers to predict are the last column."""
    rows = torch.linspace(0, len(y) - 1, min(len(y), MOST_ROWS), dtype=torch.float64).long()
    features = x[rows].flatten(1).double()
    return torch.cat([features, y[rows, None].double()], 1) if data.task == "regression" else features


def _mean_differences(train: Tensor, dev: Tensor) -> list[float]:
    """(mean of dev - mean of train) / pooled standard deviation, for each column."""
    pooled = ((train.var(0) + dev.var(0)) / 2).sqrt()
    differences: list[float] = ((dev.mean(0) - train.mean(0)) / pooled.clamp(min=1e-12)).tolist()
    return differences


def _draws(data: Dataset, part: str) -> int:
    return data.groups.get(part, len(getattr(data, f"{part}_y")))


def _chi_square_tail(statistic: float, freedom: int) -> float:
    """The chance of a larger statistic: the regularised upper incomplete gamma function Q(k/2, x/2)."""
    half = torch.tensor([freedom / 2, statistic / 2], dtype=torch.float64)
    return float(torch.special.gammaincc(half[0], half[1]))


def _class(data: Dataset, number: int) -> str:
    return repr(data.labels[number]) if data.labels else str(number)


def _name(data: Dataset, column: int) -> str:
    if column == math.prod(data.inputs):
        return "the target"
    if data.names:
        return f"feature {data.names[column]!r}"
    place = torch.unravel_index(torch.tensor(column), data.inputs)
    return f"feature {[int(index) for index in place]}" if len(place) > 1 else f"feature {column}"
