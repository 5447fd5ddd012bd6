"""What a run cost, in words."""

from __future__ import annotations

from hpsearch.cli.effort import Effort, stacks_line


def test_the_stacks_that_were_chosen_are_told_in_a_sentence() -> None:
    assert stacks_line([]) == ""
    alone = "stacks: 1 kind of network, trained one trial at a time: together they are no faster here"
    assert stacks_line([(1, 1.0)]) == alone
    both = "stacks: 2 kinds of network, 1 to 4 trials each, 2.0 times the speed of one at a time"
    assert stacks_line([(1, 1.0), (4, 4.0)]) == both


def test_devices_of_a_kind_are_counted() -> None:
    effort = Effort(3, ("cuda:0", "cuda:1", "cuda:0"), 90.0, 0.955, 0.0123, 40, 2.5)
    said = "devices: 2 × cuda:0, 1 × cuda:1, computing 95.5% of 1 min 30 s; 2.5 trials a stack; bookkeeping 1.2%"
    assert effort.line() == said
