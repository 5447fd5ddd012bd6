"""The inline executor: it trains, waits where it is told to, and takes a spoilt stack apart."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from hpsearch.errors import InputError
from hpsearch.events import Assignment, EpochEnded, Event, Failure, TrialEnded, TrialFailed
from hpsearch.execution import inline
from hpsearch.execution.executor import Job
from hpsearch.training import network_files, weights
from hpsearch.training.data.arrays import Source
from hpsearch.training.fit import train_epoch
from hpsearch.training.stack import Stack

VALUES: dict[str, Any] = {"depth": 1, "width": 8, "batch_size": 256, "epochs": 4, "learning_rate": 0.01}


@pytest.fixture
def job(tmp_path: Path) -> Job:
    split = {"train": 0.7, "dev": 0.15, "test": 0.15}
    return Job(
        Source("digits", split),
        "mlp",
        "cpu",
        stack=4,
        weights=tmp_path,
        metric="dev_accuracy",
        direction="maximize",
        every=60.0,
        disk=10**9,
    )


@pytest.fixture
def executor(job: Job) -> Iterator[inline.InlineExecutor]:
    made = inline.InlineExecutor(job)
    yield made
    made.close()


def drain(executor: inline.InlineExecutor) -> list[Event]:
    events: list[Event] = []
    while new := executor.poll():
        events += new
    return events


def epochs(events: list[Event], number: int) -> list[int]:
    return [e.epoch for e in events if isinstance(e, EpochEnded) and e.number == number]


def test_networks_that_no_trial_needs_are_let_go(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hpsearch.execution.trainer.MOST_IDLE", 2)
    executor = inline.InlineExecutor(job)
    for number in range(6):
        executor.submit(Assignment(number, VALUES | {"width": 4 + number}, 1), tick=0, until=1)
        assert epochs(drain(executor), number) == [1]
        executor.stop(number)
        assert len(executor._trainer._programs) <= 3
    executor.close()


def test_a_trial_waits_until_it_is_let_on(executor: inline.InlineExecutor) -> None:
    executor.submit(Assignment(0, VALUES, 1), tick=0, until=2)
    assert epochs(drain(executor), 0) == [1, 2]
    executor.extend(0, 4)
    events = drain(executor)
    assert epochs(events, 0) == [3, 4]
    assert isinstance(events[-1], TrialEnded)
    assert executor.poll() == []


def test_a_trial_that_has_failed_before_it_is_let_on_stays_so(job: Job) -> None:
    executor = inline.InlineExecutor(replace(job, longest=1e-9))
    executor.submit(Assignment(0, VALUES, 1), tick=0, until=2)
    events = drain(executor)
    assert epochs(events, 0) == [1]
    assert isinstance(events[-1], TrialFailed)
    assert events[-1].failure is Failure.TIMEOUT
    executor.extend(0, 4)
    assert executor.poll() == []
    executor.close()


def test_the_trial_furthest_behind_goes_first(executor: inline.InlineExecutor) -> None:
    executor.submit(Assignment(0, VALUES, 1), tick=3, until=4)
    executor.submit(Assignment(1, VALUES | {"width": 9}, 1), tick=0, until=4)
    first = [event.number for event in executor.poll() + executor.poll() + executor.poll()]
    assert first == [1, 1, 1]


def test_a_stopped_trial_says_no_more(executor: inline.InlineExecutor) -> None:
    executor.submit(Assignment(0, VALUES, 1), tick=0, until=4)
    executor.poll()
    executor.stop(0)
    executor.stop(0)
    assert executor.poll() == []


def test_the_weights_of_an_ended_trial_are_those_it_ended_with(executor: inline.InlineExecutor, job: Job) -> None:
    executor.submit(Assignment(0, VALUES, 1), tick=0, until=4)
    ended = drain(executor)[-1]
    assert isinstance(ended, TrialEnded)
    state = weights.load(network_files.last(job.weights, 0))
    assert {name: tuple(t.shape) for name, t in state.items()} == {
        "1.weight": (8, 64), "1.bias": (8,), "4.weight": (10, 8), "4.bias": (10,),
    }  # fmt: skip


def test_a_diverged_trial_is_classed_and_the_others_go_on(executor: inline.InlineExecutor) -> None:
    wild = VALUES | {"optimizer": "sgd", "learning_rate": 1e30}
    executor.submit(Assignment(0, VALUES, 1), tick=0, until=4)
    executor.submit(Assignment(1, wild, 2), tick=0, until=4)
    events = drain(executor)
    failed = [e for e in events if isinstance(e, TrialFailed)]
    assert [(e.number, e.failure) for e in failed] == [(1, Failure.DIVERGED)]
    assert failed[0].spoilt is not None
    assert failed[0].spoilt.epoch == failed[0].epoch + 1
    assert epochs(events, 0) == [1, 2, 3, 4]


def submit_three(executor: inline.InlineExecutor) -> None:
    for number in range(3):
        executor.submit(Assignment(number, VALUES, number), tick=0, until=4)


def metrics(events: list[Event]) -> dict[tuple[int, int], Any]:
    told = [e for e in events if isinstance(e, EpochEnded)]
    found = {(e.number, e.epoch): e.metrics for e in told}
    assert len(found) == len(told), "an epoch was told twice"
    return found


def test_an_exception_in_a_stack_fails_only_the_trial_that_raises_it(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    calm = inline.InlineExecutor(job)
    submit_three(calm)
    expected = metrics(drain(calm))
    real = train_epoch

    def faulty(stack: Stack, *unused: Any) -> list[dict[str, float]]:
        if any(state.number == 1 and state.epoch == 2 for state in stack.states):
            raise ValueError("a user's network went wrong")
        return real(stack)

    monkeypatch.setattr("hpsearch.execution.trainer.train_epoch", faulty)
    executor = inline.InlineExecutor(job)
    submit_three(executor)
    events = drain(executor)
    failed = [e for e in events if isinstance(e, TrialFailed)]
    assert [(e.number, e.epoch, e.failure) for e in failed] == [(1, 2, Failure.ERROR)]
    assert "a user's network went wrong" in failed[0].message
    assert "Traceback" in failed[0].traceback
    assert metrics(events) == {k: v for k, v in expected.items() if k[0] != 1 or k[1] <= 2}


def test_want_of_memory_shrinks_the_stack_and_changes_no_result(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    calm = inline.InlineExecutor(job)
    submit_three(calm)
    expected = metrics(drain(calm))
    real, sizes = train_epoch, []

    def short(stack: Stack, *unused: Any) -> list[dict[str, float]]:
        sizes.append(len(stack.states))
        if len(stack.states) > 1 and stack.states[0].epoch == 1:
            raise torch.OutOfMemoryError("not enough memory")
        return real(stack)

    monkeypatch.setattr("hpsearch.execution.trainer.train_epoch", short)
    executor = inline.InlineExecutor(job)
    submit_three(executor)
    events = drain(executor)
    assert metrics(events) == expected
    assert sizes[0] == 3
    assert sizes[-1] == 1
    assert sum(isinstance(e, TrialEnded) for e in events) == 3


def test_a_gpu_that_is_not_there_is_bad_input(job: Job) -> None:
    from dataclasses import replace

    with pytest.raises(InputError, match="there is no cuda:97"):
        inline.InlineExecutor(replace(job, device="cuda:97"))


@pytest.mark.parametrize("where", ["training.measure.rehearse", "execution.trainer.train_epoch"])
def test_an_interrupt_that_a_library_made_another_exception_of_is_no_failure(
    job: Job, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the midst of an epoch, and where sizes of stacks are measured and larger ones may fail."""
    module, _, name = f"hpsearch.{where}".rpartition(".")
    real, calls = getattr(importlib.import_module(module), name), []

    def interrupted(*arguments: Any, **named: Any) -> Any:
        calls.append(arguments)
        if len(calls) < 2:
            return real(*arguments, **named)
        try:
            raise KeyboardInterrupt
        finally:
            raise RuntimeError("the layers are half taken down")

    executor = inline.InlineExecutor(replace(job, measured=True))
    for number in range(2):
        executor.submit(Assignment(number, VALUES, seed=number), tick=0, until=4)
    monkeypatch.setattr(f"hpsearch.{where}", interrupted)
    with pytest.raises(KeyboardInterrupt):
        drain(executor)
    assert len(calls) == 2
    executor.close()
