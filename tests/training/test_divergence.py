"""Divergence is seen within the epoch, and what is recorded of it depends on no neighbour."""

from __future__ import annotations

import math
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpsearch.training.divergence import EVERY, MOST_LOSS, divergence
from hpsearch.training.fit import train_epoch
from hpsearch.training.program import Program
from hpsearch.training.stack import Stack
from tests.training import trials

SHARED: dict[str, Any] = {"depth": 1, "width": 4, "batch_size": 2, "optimizer": "sgd"}
STEPS = 150  # of an epoch, of which the first look is after EVERY
CLASSES = trials.dataset(samples=500)
NUMBERS = trials.dataset(samples=500, task="regression")


def told(program: Program, *rates: float, epochs: int = 1) -> dict[int, tuple[str, str]]:
    """What is recorded of each trial of a stack in its last epoch, not a number being equal to itself."""
    states = [trials.start(program, n, SHARED | {"learning_rate": rate}, n) for n, rate in enumerate(rates)]
    last = {n: metrics[-1] for n, metrics in trials.train(program, states, epochs).items()}
    return {state.number: (repr(last[state.number]), repr(state.signals)) for state in states}


@settings(max_examples=25)
@given(
    rates=st.lists(st.sampled_from([1e-2, 1.0, 20.0, 300.0, 1e5, 1e30]), min_size=2, max_size=5),
    numbers=st.booleans(),
    epochs=st.integers(1, 2),
)
def test_what_is_recorded_of_a_trial_is_the_same_alone_and_in_company(
    rates: list[float], numbers: bool, epochs: int
) -> None:
    program = trials.program(SHARED, NUMBERS if numbers else CLASSES)
    together = told(program, *rates, epochs=epochs)
    for number, rate in enumerate(rates):
        state = trials.start(program, number, SHARED | {"learning_rate": rate}, number)
        alone = trials.train(program, [state], epochs)[number]
        # What comes after divergence is never trained: the executor lets go of the trial.
        first = next((e for e, metrics in enumerate(alone) if divergence(metrics)), epochs - 1)
        if first == epochs - 1:
            assert (repr(alone[-1]), repr(state.signals)) == together[number]


def steps_taken(*rates: float) -> int:
    program = trials.program(SHARED, CLASSES)
    stack = Stack(program, [trials.start(program, n, SHARED | {"learning_rate": r}, n) for n, r in enumerate(rates)])
    with mock.patch.object(program, "step", wraps=program.step) as step:
        train_epoch(stack)
    return step.call_count


def test_an_epoch_ends_where_all_have_diverged() -> None:
    assert steps_taken(1e30, 1e29) == EVERY
    assert steps_taken(1e30, 1e-2) == steps_taken(1e-2) == STEPS


def test_a_loss_that_is_large_but_finite_is_divergence() -> None:
    values = SHARED | {"batch_size": 100, "learning_rate": 1e3}
    program = trials.program(values, CLASSES)
    metrics = trials.train(program, [trials.start(program, 0, values)], 1)[0][0]
    assert MOST_LOSS < metrics["train_loss"] < math.inf
    assert divergence(metrics) == "train loss rose above 1e+06"
    assert all(math.isnan(value) for name, value in metrics.items() if name.startswith("dev_"))


@pytest.mark.parametrize("bad", [math.nan, math.inf])
@pytest.mark.parametrize("name", ["train_loss", "dev_loss"])
def test_a_loss_that_is_no_number_is_named(name: str, bad: float) -> None:
    good = {"train_loss": 1.0, "dev_loss": 2 * MOST_LOSS, "dev_accuracy": 0.5}
    assert divergence(good) is None
    assert divergence(good | {name: bad}) == f"{name.replace('_', ' ')} was no longer finite"
