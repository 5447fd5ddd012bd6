"""Who goes where: laws of the split."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hpsearch.errors import InputError
from hpsearch.training.data.advice import advice
from hpsearch.training.data.arrays import Arrays, Split
from hpsearch.training.data.group_split import by_group
from hpsearch.training.data.splits import divide, usual
from tests.training import trials

SPLIT = {"train": 0.7, "dev": 0.15, "test": 0.15}
THIRDS = {"train": 0.4, "dev": 0.3, "test": 0.3}


def classes(labels: list[int] | np.ndarray, **more: object) -> Arrays:
    found = np.asarray(labels, dtype=np.int64)
    return Arrays(np.zeros((len(found), 1)), found, int(found.max()) + 1, **more)  # type: ignore[arg-type]


def numbers(samples: int, **more: object) -> Arrays:
    return Arrays(np.zeros((samples, 1)), np.arange(samples) / 7, 0, "regression", **more)  # type: ignore[arg-type]


def whole(parts: dict[str, np.ndarray]) -> list[int]:
    rows: list[int] = np.sort(np.concatenate(list(parts.values()))).tolist()
    return rows


@given(
    counts=st.lists(st.integers(20, 60), min_size=2, max_size=5),
    seed=st.integers(0, 1000),
    train=st.floats(0.4, 0.7),
)
def test_a_split_of_classes_is_disjoint_complete_and_balanced(counts: list[int], seed: int, train: float) -> None:
    labels = np.repeat(np.arange(len(counts)), counts)
    rest = (1 - train) / 2
    parts = divide(classes(labels), {"train": train, "dev": rest, "test": rest}, seed)
    assert whole(parts) == list(range(len(labels)))
    for label, count in enumerate(counts):
        assert abs((labels[parts["train"]] == label).sum() - count * train) <= 2


@given(samples=st.integers(10, 300), seed=st.integers(0, 1000))
def test_a_split_of_numbers_is_disjoint_and_complete(samples: int, seed: int) -> None:
    parts = divide(numbers(samples), THIRDS, seed)
    assert whole(parts) == list(range(samples))
    assert abs(len(parts["train"]) - 0.4 * samples) <= 1


@given(
    sizes=st.lists(st.integers(1, 12), min_size=3, max_size=40),
    seed=st.integers(0, 1000),
    regression=st.booleans(),
    gap=st.integers(1, 5),
)
def test_no_group_is_in_two_parts(sizes: list[int], seed: int, regression: bool, gap: int) -> None:
    groups = np.random.default_rng(seed).permutation(np.repeat(gap * np.arange(len(sizes)), sizes))
    samples = len(groups)
    arrays = numbers(samples, groups=groups) if regression else classes(np.arange(samples) % 2, groups=groups)
    parts = by_group(arrays, np.arange(samples), THIRDS, seed)
    assert whole(parts) == list(range(samples))
    members = [set(groups[rows].tolist()) for rows in parts.values()]
    assert all(members)
    assert sum(map(len, members)) == len(set(groups.tolist()))


def test_many_groups_come_close_to_the_wanted_shares_and_class_balance() -> None:
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 60, 1200)
    labels = (rng.random(1200) < 0.05 + 0.5 * (groups % 2)).astype(np.int64)  # every other group has few of class 1
    parts = divide(classes(labels, groups=groups), SPLIT, 0)
    shares = [len(rows) / 1200 for rows in parts.values()]
    np.testing.assert_allclose(shares, list(SPLIT.values()), atol=0.03)
    balance = [labels[rows].mean() for rows in parts.values()]
    assert max(balance) - min(balance) < 0.06


@pytest.mark.parametrize("grouped", [False, True])
def test_a_split_is_a_function_of_the_seed(grouped: bool) -> None:
    arrays = classes(np.arange(90) % 3, groups=np.arange(90) // 3 if grouped else None)
    one, again, other = (divide(arrays, SPLIT, seed) for seed in (0, 0, 1))
    assert all((one[part] == again[part]).all() for part in one)
    assert not all(np.array_equal(one[part], other[part]) for part in one)


@pytest.mark.parametrize(
    ("samples", "shares"),
    [(9_999, (0.6, 0.2, 0.2)), (10_000, (0.8, 0.1, 0.1)), (999_999, (0.8, 0.1, 0.1)), (1_000_000, (0.98, 0.01, 0.01))],
)
def test_the_usual_split_goes_by_size(samples: int, shares: tuple[float, ...]) -> None:
    assert tuple(usual(samples).values()) == shares


def test_a_part_of_the_source_is_left_as_it_is_and_the_rest_is_split_by_size() -> None:
    arrays = classes(np.arange(100) % 2, given={"test": np.arange(60, 100)})
    parts = divide(arrays, "auto", 0)
    assert parts["test"].tolist() == list(range(60, 100))
    assert (len(parts["train"]), len(parts["dev"])) == (45, 15)  # 60 to 20


@pytest.mark.parametrize(
    ("split", "sizes"),
    [
        ({"train": 0.9, "dev": 0.1, "test": "given"}, (72, 8, 20)),
        ({"train": 1.0, "dev": "given", "test": "given"}, (60, 20, 20)),
        ({"train": "given", "dev": "given", "test": "given"}, (60, 20, 20)),
        ({"train": 0.75, "dev": "given", "test": 0.25}, (60, 20, 20)),
        ({"train": 0.5, "dev": 0.3, "test": 0.2}, (50, 30, 20)),  # what is given joins the rest
        ("auto", (60, 20, 20)),
    ],
)
def test_given_parts_and_fractions_of_the_rest_can_be_mixed(split: Split, sizes: tuple[int, ...]) -> None:
    own = {"dev": np.arange(60, 80), "test": np.arange(80, 100)}
    parts = divide(classes(np.arange(100) % 2, given=own), split, 0)
    assert tuple(len(rows) for rows in parts.values()) == sizes
    assert whole(parts) == list(range(100))


@pytest.mark.parametrize(
    ("arrays", "split", "said"),
    [
        (classes([0, 0, 0, 1]), SPLIT, "4 samples, 1 of them of the rarest class, can't be split so"),
        (numbers(2), SPLIT, "2 samples can't be split so"),
        (numbers(60, groups=np.arange(60) % 2), SPLIT, "2 groups can't be shared out to 3 parts"),
        (classes([0] * 9 + [1], groups=np.arange(10)), SPLIT, "holds one class only"),
        (classes([0, 1] * 9, given={"dev": np.arange(0)}), {**SPLIT, "dev": "given"}, "the dev part is empty"),
        (classes([0, 1] * 9, given={"dev": np.arange(0, 8, 2)}), {**SPLIT, "dev": "given"}, "dev part holds one class"),
        (classes([0, 1] * 9, given={"dev": np.arange(18)}), {**SPLIT, "dev": "given"}, "nothing is left to train on"),
        (Arrays(np.zeros((9, 1)), np.ones(9), 0, "regression"), SPLIT, "the train part has the same target everywhere"),
        (
            classes([0, 1] * 9, given={"dev": np.arange(9)}, groups=np.arange(18) // 4),
            {**SPLIT, "dev": "given"},
            "a group is in two",
        ),
    ],
)  # fmt: skip
def test_a_split_that_cannot_be_is_bad_input(arrays: Arrays, split: Split, said: str) -> None:
    with pytest.raises(InputError, match=said):
        divide(arrays, split, 0)


def sized(train: int, dev: int, test: int) -> list[str]:
    parts = [torch.zeros(size, dtype=torch.int64) for size in (train, dev, test)]
    return advice(replace(trials.dataset(), train_y=parts[0], dev_y=parts[1], test_y=parts[2]))


@pytest.mark.parametrize(
    "sizes",
    [(600, 200, 200), (700, 150, 150), (8_000, 1_000, 1_000), (54_000, 6_000, 10_000), (980_000, 10_000, 10_000)],
)
def test_a_usual_split_gets_no_advice(sizes: tuple[int, int, int]) -> None:
    assert sized(*sizes) == []


def test_sixty_twenty_twenty_of_a_million_gets_advice() -> None:
    what = "data.split: 60/20/20 of 1,000,000 samples leaves less to learn from than it could"
    assert sized(600_000, 200_000, 200_000) == [f"{what}: 98/1/1 is usual for so many"]


def test_one_in_a_hundred_of_few_samples_gets_advice() -> None:
    what = "data.split: 98/1/1 of 1,000 samples judges by 10 samples only"
    assert sized(980, 10, 10) == [f"{what}: 60/20/20 is usual for so many"]
