"""Law 2: a trial depends on its assignment and its seed, never on its neighbours. On the CPU, bit for bit."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hpsearch.training.state import TrialState
from tests.training import trials

DATA = {dtype: trials.dataset(dtype=dtype) for dtype in (torch.float32, torch.float64)}


def same_state(one: TrialState, other: TrialState) -> bool:
    return (
        torch.equal(one.parameters, other.parameters)
        and torch.equal(one.buffers, other.buffers)
        and torch.equal(one.moments, other.moments)
        and one.epoch == other.epoch
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@settings(max_examples=25)
@given(
    shared=trials.structure,
    members=st.lists(st.tuples(trials.fusible, st.integers(0, 2**53 - 1)), min_size=2, max_size=6),
    data=st.data(),
)
def test_a_trial_in_any_stack_equals_the_trial_alone(
    dtype: torch.dtype, shared: dict[str, Any], members: list[tuple[dict[str, Any], int]], data: st.DataObject
) -> None:
    program = trials.program(shared, DATA[dtype])
    states = [trials.start(program, seed, shared | own, n) for n, (own, seed) in enumerate(members)]
    told = trials.train(program, data.draw(st.permutations(states)), epochs=3)
    for number, (own, seed) in enumerate(members):
        alone = trials.start(program, seed, shared | own, number)
        assert trials.train(program, [alone], epochs=3)[number] == told[number] or has_nan(told[number])
        assert same_state(alone, states[number]) or has_nan(told[number])


def has_nan(metrics: list[dict[str, float]]) -> bool:
    return any(value != value for epoch in metrics for value in epoch.values())


@settings(max_examples=15)
@given(
    shared=trials.structure,
    members=st.lists(st.tuples(trials.fusible, st.integers(0, 2**53 - 1)), min_size=3, max_size=3),
)
def test_a_slot_refilled_midway_changes_nobody(
    shared: dict[str, Any], members: list[tuple[dict[str, Any], int]]
) -> None:
    program = trials.program(shared, DATA[torch.float32])
    leaver, stayer, newcomer = (trials.start(program, seed, shared | own, n) for n, (own, seed) in enumerate(members))
    trials.train(program, [leaver, stayer], epochs=2)
    trials.train(program, [newcomer, stayer], epochs=2)
    for state, epochs in ((leaver, 2), (stayer, 4), (newcomer, 2)):
        own, seed = members[state.number]
        alone = trials.start(program, seed, shared | own, state.number)
        told = trials.train(program, [alone], epochs)
        assert same_state(alone, state) or has_nan(told[state.number])


def test_one_diverging_trial_leaves_its_neighbour_untouched() -> None:
    shared = {"depth": 2, "width": 8, "batch_size": 16}
    program = trials.program(shared, DATA[torch.float32])
    good = shared | {"optimizer": "sgd", "learning_rate": 0.05}
    wild = shared | {"optimizer": "sgd", "learning_rate": 1e30}
    states = [trials.start(program, 1, good, 0), trials.start(program, 2, wild, 1)]
    told = trials.train(program, states, epochs=3)
    assert has_nan(told[1])
    alone = trials.start(program, 1, good, 0)
    assert trials.train(program, [alone], epochs=3)[0] == told[0]
    assert same_state(alone, states[0])


def test_global_random_numbers_play_no_part() -> None:
    values = {"dropout": 0.5, "input_noise": 0.1, "width": 8, "batch_size": 16}
    results = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        program = trials.program(values, DATA[torch.float32])
        results.append(trials.train(program, [trials.start(program, 5, values)], epochs=2))
    assert results[0] == results[1]


def test_the_trial_seed_matters() -> None:
    values = {"width": 8, "batch_size": 16}
    program = trials.program(values, DATA[torch.float32])
    one, other = (trials.train(program, [trials.start(program, seed, values)], epochs=1) for seed in (1, 2))
    assert one != other
