"""What every augmentation of the registry keeps to."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from hpsearch import registry
from hpsearch.errors import InputError
from hpsearch.training.augment.pipeline import Pipeline
from hpsearch.training.config import declared
from hpsearch.training.data.arrays import Dataset
from hpsearch.training.fit import train_epoch
from hpsearch.training.program import Program
from hpsearch.training.stack import Stack
from tests.training import trials
from tests.training.augment import augmented

NAMES = registry.names("augmentation")
DATA = {dtype: trials.dataset(inputs=(2, 6, 5), dtype=dtype) for dtype in (torch.float32, torch.float64)}
IMAGES = DATA[torch.float32]


def strong(name: str) -> dict[str, Any]:
    """Values of a trial in which the augmentation does something to almost every sample."""
    high = declared(name).high
    return {name: 3 if declared(name).kind == "int" else 0.7 if high is None else high / 2}


def first_step(data: Dataset, own: list[dict[str, Any]], chosen: Tensor, epoch: int = 1) -> tuple[Tensor, list[Tensor]]:
    """The first step's samples and targets; trial n has the seed 100 + n."""
    stack = augmented.stack(data, own, batch=chosen.shape[1])
    for state in stack.states:
        state.epoch = epoch - 1
    return augmented.step(Pipeline(stack), data, chosen)


def same(one: tuple[Tensor, list[Tensor]], other: tuple[Tensor, list[Tensor]]) -> bool:
    pairs = zip([one[0], *one[1]], [other[0], *other[1]], strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_a_hyperparameter_of_its_own_that_is_off_and_may_differ_in_a_stack(name: str) -> None:
    assert declared(name).default == 0
    assert declared(name).low == 0
    assert declared(name).fusible


@pytest.mark.parametrize("dtype", DATA, ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_it_keeps_shape_and_type_and_changes_samples(name: str, dtype: torch.dtype) -> None:
    chosen = augmented.every_sample(DATA[dtype], 2)
    x, (y, *_) = first_step(DATA[dtype], [strong(name), strong(name)], chosen)
    before = DATA[dtype].train_x[chosen]
    assert (x.shape, x.dtype, x.stride()) == (before.shape, dtype, before.stride())
    assert torch.equal(y, DATA[dtype].train_y[chosen])
    for trial in range(2):
        changed = (x[trial] != before[trial]).flatten(1).any(1)
        assert int(changed.sum()) > len(changed) // 4


@pytest.mark.parametrize("name", NAMES)
def test_it_is_fresh_in_every_epoch_and_another_for_another_seed(name: str) -> None:
    chosen = augmented.every_sample(IMAGES, 2)
    first, second = (first_step(IMAGES, [strong(name), strong(name)], chosen, epoch)[0] for epoch in (1, 2))
    assert not torch.equal(first, second)
    assert not torch.equal(first[0], first[1])


@pytest.mark.parametrize("name", NAMES)
def test_it_is_a_function_of_seed_and_epoch(name: str) -> None:
    chosen = augmented.every_sample(IMAGES, 1)
    assert same(*(first_step(IMAGES, [strong(name)], chosen, epoch=7) for _ in range(2)))


@pytest.mark.parametrize("name", [name for name in NAMES if declared(name).images])
def test_an_images_change_depends_on_its_index_and_not_on_its_place_or_batch(name: str) -> None:
    everything = augmented.every_sample(IMAGES, 1)
    whole, _ = first_step(IMAGES, [strong(name)], everything)
    backwards, _ = first_step(IMAGES, [strong(name)], everything.flip(1))
    assert torch.equal(backwards, whole.flip(1))
    pipeline = Pipeline(augmented.stack(IMAGES, [strong(name)], batch=5))
    parts = [augmented.step(pipeline, IMAGES, part)[0] for part in torch.split(everything, 5, dim=1)]
    assert torch.equal(torch.cat(parts, 1), whole)


@pytest.mark.parametrize("name", NAMES)
def test_neighbours_do_not_matter(name: str) -> None:
    own: list[dict[str, Any]] = [strong(other) for other in NAMES]
    chosen = torch.stack([torch.randperm(54, generator=torch.Generator().manual_seed(n))[:13] for n in range(len(own))])
    together, targets = first_step(IMAGES, own, chosen)
    place = NAMES.index(name)
    program = trials.program({"batch_size": 13}, IMAGES)
    alone = Stack(program, [trials.start(program, 100 + place, own[place])])
    x, (y, *mixed) = augmented.step(Pipeline(alone), IMAGES, chosen[place : place + 1])
    assert torch.equal(x[0], together[place])
    assert torch.equal(y[0], targets[0][place])
    assert all(torch.equal(a[0], b[place]) for a, b in zip(mixed, targets[1:], strict=False))


@pytest.mark.parametrize("name", NAMES)
def test_strength_0_changes_no_bit_beside_a_trial_with_a_strength(name: str) -> None:
    data = trials.dataset(inputs=(2, 6, 5))
    data.train_x[:, 0, 0] = -0.0  # which a sum with 0 would not keep
    chosen = augmented.every_sample(data, 3)
    x, (y, *mixed) = first_step(data, [{}, strong(name), {}], chosen)
    for trial in (0, 2):
        assert torch.equal(x[trial].view(torch.int32), data.train_x.view(torch.int32))
        assert torch.equal(y[trial], data.train_y)
        for other, share in [mixed] if mixed else []:
            assert torch.equal(other[trial], data.train_y)
            assert share[trial].eq(1).all()


@pytest.mark.parametrize("name", NAMES)
def test_without_a_strength_nothing_is_drawn(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.TABLES["augmentation"], name, "no.such:module")
    x, targets = first_step(IMAGES, [{}, {}], augmented.every_sample(IMAGES, 2))
    assert torch.equal(x, IMAGES.train_x.expand_as(x))
    assert len(targets) == 1


@pytest.mark.parametrize("name", [name for name in NAMES if declared(name).images])
def test_one_for_images_says_so_where_there_are_none(name: str) -> None:
    with pytest.raises(InputError, match=rf"^{name} works on images \[channel, row, column\].*\[11\]"):
        Pipeline(augmented.stack(trials.dataset(), [strong(name)]))


def test_no_part_of_the_data_is_changed_and_the_dev_part_is_seen_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    data, untouched = trials.dataset(inputs=(2, 6, 5)), trials.dataset(inputs=(2, 6, 5))
    seen: list[Tensor] = []
    evaluate = Program.evaluate

    def watch(program: Program, parameters: Any, buffers: Any, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        seen.append(x)
        return evaluate(program, parameters, buffers, x, y)

    monkeypatch.setattr(Program, "evaluate", watch)
    everything = {key: value for name in NAMES for key, value in strong(name).items()}
    stack = augmented.stack(data, [everything, everything])
    for _ in range(2):
        train_epoch(stack)
    for part in ("train_x", "train_y", "dev_x", "dev_y", "test_x", "test_y"):
        assert torch.equal(getattr(data, part), getattr(untouched, part))
    places = [data.dev_x.data_ptr(), data.train_x.data_ptr()]
    assert all(part.data_ptr() in places for part in seen)
    assert sum(part is data.dev_x for part in seen) == 2
