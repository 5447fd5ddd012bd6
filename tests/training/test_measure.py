"""How large a stack is chosen, by a clock and costs that the tests make up; and that measuring changes nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import torch

from hpsearch import registry
from hpsearch.training import live_bytes, measure, rehearsal
from hpsearch.training.config import configure
from hpsearch.training.measure import StackCost, choose, powers
from hpsearch.training.program import Program
from hpsearch.training.rehearsal import Cost
from hpsearch.training.state import begin
from tests.contracts.stacks import assert_same
from tests.training import trials

SIZES = powers(64)
DATA = trials.dataset(inputs=(1, 8, 8))


class Machine:
    """Steps that take as long as they are told to: by size, milliseconds a trial."""

    def __init__(self, milliseconds: Mapping[int, float], memory: int = 1000, overhead: float = 0.0) -> None:
        self.now, self.asked = 0.0, list[tuple[int, bool]]()
        self._milliseconds, self._memory, self._overhead = milliseconds, memory, overhead

    def clock(self) -> float:
        return self.now

    def __call__(self, size: int, *, memory: bool) -> Cost:
        self.asked.append((size, memory))
        self.now += self._overhead * size
        return Cost(self._milliseconds[size] * size / 1000, self._memory * size if memory else None)


def measured(
    machine: Machine, sizes: Sequence[int] = SIZES, budget: float = 1.0, memory: float = 1e9, once: int = 0
) -> StackCost:
    return measure._measured(machine, sizes, budget, memory, once, machine.clock)


def test_sizes_are_powers_of_two_up_to_the_limit() -> None:
    assert [powers(limit) for limit in (1, 2, 3, 16, 31)] == [(1,), (1, 2), (1, 2), (1, 2, 4, 8, 16), (1, 2, 4, 8, 16)]


def test_the_fastest_is_chosen_and_nothing_is_measured_past_a_clear_loss() -> None:
    machine = Machine({1: 8, 2: 5, 4: 3, 8: 2, 16: 2.3, 32: 1, 64: 1})
    cost = measured(machine)
    assert (cost.size, cost.stopped, cost.speed) == (8, "worse", 4.0)
    assert list(cost.seconds) == [size for size, _ in machine.asked] == [1, 2, 4, 8, 16]


def test_a_loss_within_the_noise_does_not_end_it() -> None:
    cost = measured(Machine({1: 8, 2: 8.3, 4: 4, 8: 4.1, 16: 2, 32: 1, 64: 1}))
    assert (cost.size, cost.stopped) == (32, "limit")


def test_of_equally_good_sizes_the_smallest_is_chosen() -> None:
    assert choose({1: 2.0, 2: 1.02, 4: 1.0, 8: 1.01}) == 2
    assert choose({1: 1.03, 2: 1.0}) == 1, "a convolutional network that gains nothing trains alone"
    assert choose({1: 1.031, 2: 1.0}) == 2


def test_the_first_two_sizes_are_measured_whatever_the_budget_and_no_more() -> None:
    cost = measured(Machine({1: 8, 2: 5, 4: 1}, overhead=100.0), budget=0.3)
    assert (list(cost.seconds), cost.size, cost.stopped) == ([1, 2], 2, "budget")


def test_a_size_that_would_not_end_within_the_budget_is_not_begun() -> None:
    # 0.01 + 0.02 + 0.04 + 0.08 seconds are gone, and the next size would take 0.16.
    machine = Machine(dict.fromkeys(SIZES, 1.0), overhead=0.01)
    assert list(measured(machine, budget=0.3).seconds) == [1, 2, 4, 8]
    assert machine.now == pytest.approx(0.15)
    assert list(measured(Machine(dict.fromkeys(SIZES, 1.0), overhead=0.01), budget=0.32).seconds) == [1, 2, 4, 8, 16]


@pytest.mark.parametrize(("memory", "largest"), [(0, 1), (1999, 1), (2000, 1), (2100, 2), (8100, 8), (1e9, 64)])
def test_no_stack_is_measured_that_memory_would_not_hold(memory: float, largest: int) -> None:
    faster = {size: 100 / size for size in SIZES}
    cost = measured(Machine(faster, memory=1000), memory=memory, once=100)
    assert (max(cost.seconds), cost.size) == (largest, largest)
    assert cost.stopped == ("limit" if largest == 64 else "memory")
    assert (cost.bytes_per_trial, cost.bytes_once) == (1000, 100)


def test_memory_is_looked_at_for_the_first_two_sizes_only() -> None:
    machine = Machine(dict.fromkeys(SIZES, 1.0))
    measured(machine, sizes=(1, 2, 4))
    assert machine.asked == [(1, True), (2, True), (4, False)]


def test_a_stack_that_fails_leaves_the_smaller_ones() -> None:
    class Narrow(Machine):
        def __call__(self, size: int, *, memory: bool) -> Cost:
            if size == 4:
                raise MemoryError
            return super().__call__(size, memory=memory)

    cost = measured(Narrow({1: 4, 2: 2}))
    assert (cost.size, cost.stopped) == (2, "error")


def test_a_network_that_fails_alone_says_so() -> None:
    program = Program("mlp", configure({"width": 4, "shift": 1}), trials.dataset())
    with pytest.raises(Exception, match="shift works on images"):
        measure.measure(program, configure({"width": 4, "shift": 1}), SIZES)


def test_a_cost_survives_json_and_nothing_else_is_one() -> None:
    cost = StackCost(4, {1: 0.5, 2: 0.3, 4: 0.1}, 1000, 10, "limit")
    plain = json.loads(json.dumps(cost.to_dict()))
    assert StackCost.from_dict(plain) == cost
    wrongs: list[dict[str, Any]] = [
        {"size": 8}, {"seconds": {}}, {"seconds": {"4": 1}}, {"bytes_per_trial": 0}, {"size": None}
    ]  # fmt: skip
    for wrong in wrongs:
        with pytest.raises((TypeError, ValueError)):
            StackCost.from_dict({**plain, **wrong})
    with pytest.raises(KeyError):
        StackCost.from_dict({})


def test_a_stack_is_cut_to_the_memory_that_there_is_now() -> None:
    cost = StackCost(16, {1: 1.0, 16: 0.1}, 1000, 500, "limit")
    assert [cost.fitting(memory) for memory in (0, 499, 2500, 7400, 16500, 1e12)] == [1, 1, 2, 6, 16, 16]


class Ticking:
    """A clock on which a second passes between two looks."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


@pytest.mark.parametrize("batch", [13, "full"])
def test_a_rehearsal_times_single_steps(batch: int | str) -> None:
    config = configure({"width": 5, "batch_size": batch})
    program = Program("mlp", config, DATA)
    cost = rehearsal.rehearse(program, config, 3, memory=False, clock=Ticking())
    assert cost == Cost(1.0, None)


@pytest.mark.parametrize("batch", [13, "full"])
def test_a_rehearsal_ends_where_every_trial_diverges(batch: int | str) -> None:
    config = configure({"width": 5, "batch_size": batch, "optimizer": "sgd", "learning_rate": 1e30})
    program = Program("mlp", config, DATA)
    cost = rehearsal.rehearse(program, config, 3, memory=True, clock=Ticking())
    assert cost.seconds == 1.0


def test_a_rehearsal_reckons_with_what_a_stack_holds_and_makes() -> None:
    config = configure({"width": 50, "depth": 1, "batch_size": 20})
    program = Program("mlp", config, DATA)
    held = rehearsal.trial_bytes(program)
    assert held == 4 * 6 * (65 * 50 + 51 * 3)  # with Adam's moments, and no buffers
    one, four = (rehearsal.rehearse(program, config, size, memory=True, clock=Ticking()).bytes for size in (1, 4))
    assert one is not None
    assert four is not None
    assert held < one < 4 * held
    assert four == pytest.approx(4 * one, rel=0.05)


def test_bytes_are_those_of_what_lives_at_the_same_time() -> None:
    known = torch.zeros(1000)

    def work() -> None:
        for _ in range(5):
            twice = known * 2
            view = twice[:500].view(50, 10)
            del twice
            view.add_(1)
            del view
        torch.cat([known, known]).add_(known[0])

    assert live_bytes.peak_bytes(work, torch.device("cpu"), [known]) == 8000 * live_bytes.CPU_OVERHEAD
    assert live_bytes.peak_bytes(lambda: known.add_(1), torch.device("cpu"), [known]) == 0


@pytest.mark.parametrize("model", registry.names("model"))
def test_a_trial_is_the_same_bit_for_bit_after_a_measurement(model: str) -> None:
    """Law 2: neither the recorded kernels nor anything else that a measurement leaves behind tells in a result."""
    small: dict[str, Any] = {"depth": 8 if model == "resnet" else 2, "width": 9, "channels": 3, "pretrain_epochs": 1}
    values = small | {"batch_size": 13, "batch_norm": True, "dropout": 0.3, "mixup": 0.2, "epochs": 3}
    config = configure(values)
    results = []
    for before in (False, True):
        program = Program(model, config, DATA)
        if before:
            cost = measure.measure(program, config, (1, 2, 4), budget_seconds=60.0)
            assert cost.seconds.keys() <= {1, 2, 4}
            recorded = len(program._replays)
        states = [begin(program, n, n, config) for n in range(2)]
        results.append((trials.train(program, states, epochs=3), states))
    (told, states), (told_after, states_after) = results
    assert told == told_after
    for one, other in zip(states, states_after, strict=True):
        assert_same(one, other)
        assert one.signals == other.signals
    steps = [key for key in program._replays if isinstance(key, tuple) and key[0] == "_gradients" and key[3] == 2]
    assert len(steps) == 1, "training recorded again what the measurement had recorded"
    assert recorded
