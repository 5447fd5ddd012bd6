"""Law 2 on images: a trial's augmentations are its own, whatever its neighbours do. On the CPU, bit for bit."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training import trials
from tests.training.test_alone_is_together import has_nan, same_state

DATA = [
    trials.dataset(inputs=(1, 6, 5)),
    trials.dataset(inputs=(3, 4, 7), task="binary"),
    trials.dataset(inputs=(1, 5, 5), task="regression", dtype=torch.float64),
]
members = st.tuples(trials.fusible, trials.fusible_on_images, st.integers(0, 2**53 - 1))


@pytest.mark.parametrize("data", DATA, ids=lambda data: data.task)
@settings(max_examples=15)
@given(shared=trials.structure, drawn=st.lists(members, min_size=2, max_size=5))
def test_an_augmented_trial_in_any_stack_equals_the_trial_alone(
    data: Any, shared: dict[str, Any], drawn: list[tuple[dict[str, Any], dict[str, Any], int]]
) -> None:
    program = trials.program(shared, data)
    own = [(shared | fusible | on_images, seed) for fusible, on_images, seed in drawn]
    states = [trials.start(program, seed, values, n) for n, (values, seed) in enumerate(own)]
    told = trials.train(program, states, epochs=2)
    for number, (values, seed) in enumerate(own):
        alone = trials.start(program, seed, values, number)
        assert trials.train(program, [alone], epochs=2)[number] == told[number] or has_nan(told[number])
        assert same_state(alone, states[number]) or has_nan(told[number])
