"""Law 2 as a contract: what trains in a stack trains alone, bit for bit."""

from __future__ import annotations

from typing import Any

import torch

from hpsearch.training.config import configure
from hpsearch.training.data.arrays import Dataset
from hpsearch.training.program import Program
from hpsearch.training.state import TrialState, begin
from tests.training import trials

DATA = trials.dataset(dtype=torch.float32)
SMALL: dict[str, Any] = {"depth": 2, "width": 9, "batch_size": 13, "epochs": 3, "batch_norm": True}


def stacked_equals_alone(
    model: str, shared: dict[str, Any], own: list[dict[str, Any]], data: Dataset = DATA, epochs: int = 3
) -> None:
    """Train trials with the values `shared` and each its `own`, together and then one by one, and compare."""
    program = Program(model, configure(shared), data)
    states = [begin(program, n, 100 + n, configure(shared | values)) for n, values in enumerate(own)]
    told = trials.train(program, states, epochs)
    for n, values in enumerate(own):
        lone = begin(program, n, 100 + n, configure(shared | values))
        assert trials.train(program, [lone], epochs)[n] == told[n]
        assert_same(lone, states[n])


def assert_same(one: TrialState, other: TrialState) -> None:
    """The same bits in all that a trial's next epoch depends on."""
    assert torch.equal(one.parameters, other.parameters)
    assert torch.equal(one.buffers, other.buffers)
    assert torch.equal(one.moments, other.moments)
    assert one.epoch == other.epoch
