"""What a run cost, in words."""

from __future__ import annotations

import pytest

from hpsearch.cli.effort import Clock, Effort, enough_slots, order_line, stacks_line
from hpsearch.execution.executor import Usage
from hpsearch.space.load import parse_study


def test_the_stacks_that_were_chosen_are_told_in_a_sentence() -> None:
    assert stacks_line([]) == ""
    alone = "stacks: 1 kind of network, trained one trial at a time: together they are no faster here"
    assert stacks_line([(1, 1.0)]) == alone
    advised = f"{alone}; with search.slots: 4, proposals would know more results"
    assert stacks_line([(1, 1.0)], 4) == advised
    both = "stacks: 2 kinds of network, 1 to 4 trials each, 2.0 times the speed of one at a time"
    assert stacks_line([(1, 1.0), (4, 4.0)], 4) == both


@pytest.mark.parametrize(
    ("search", "workers", "enough"),
    [
        ("sampler: tpe", 1, 4),
        ("sampler: tpe", 2, 4),
        ("sampler: tpe, slots: 4", 2, None),
        ("sampler: tpe, slots: 5", 2, 4),
        ("sampler: tpe", 6, 12),
        ("sampler: tpe", 8, None),
        ("sampler: random", 2, None),
        ("sampler: [{name: qmc, trials: 8}, tpe]", 2, 4),
    ],
)
def test_fewer_slots_are_advised_where_proposals_learn_and_workers_stay_busy(
    search: str, workers: int, enough: int | None
) -> None:
    text = f"name: s\ndata: digits\nhyperparameters: {{learning_rate: {{low: 0.1, high: 1.0}}}}\nsearch: {{{search}}}\n"
    assert enough_slots(parse_study(text, file="s.yaml"), workers) == enough


def test_devices_of_a_kind_are_counted() -> None:
    effort = Effort(3, ("cuda:0", "cuda:1", "cuda:0"), 90.0, 0.955, 0.0623, 40, 2.5, mirror=0.05)
    said = (
        "devices: 2 × cuda:0, 1 × cuda:1, computing 95.5% of 1 min 30 s; 2.5 trials a stack; "
        "bookkeeping 1.2%, beside it MLflow's process 5.0%"
    )
    assert effort.line() == said
    waited = Effort(3, ("cuda:0", "cuda:1", "cuda:0"), 90.0, 0.955, 0.0623, 40, 2.5, waiting=0.004, mirror=0.05)
    assert waited.line() == f"{said}; waiting for the order 0.4%"


def test_waiting_for_the_order_is_told_of_several_workers_whose_order_is_exact() -> None:
    two = Usage(("cpu", "cpu"), (3.0, 4.0), 10, 5, waited=0.5)
    assert Clock().effort(two, 0.1).waiting is not None
    assert Clock().effort(two, 0.1, order="arrival").waiting is None
    assert Clock().effort(Usage(("cpu",), (3.0,), 10, 5), 0.1).waiting is None


def test_ticks_by_cost_are_advised_where_workers_waited_and_networks_are_unlike() -> None:
    file = parse_study("name: s\ndata: digits\nhyperparameters: {depth: 1}\n", file="s.yaml")
    waited, hardly = (Effort(2, ("cpu", "cpu"), 90.0, 0.9, 0.01, 40, 1.0, waiting=share) for share in (0.2, 0.01))
    said = order_line(waited, file, [100, 250, 1040])
    assert said.startswith("order: some networks cost 10 times as much as others; ")
    assert "search.ticks: cost" in said
    by_cost = parse_study("name: s\ndata: digits\nhyperparameters: {depth: 1}\nsearch: {ticks: cost}\n", file="s.yaml")
    for none in (
        order_line(hardly, file, [100, 1040]),
        order_line(waited, file, [100, 290]),
        order_line(waited, file, []),
        order_line(waited, by_cost, [100, 1040]),
    ):
        assert none == ""
