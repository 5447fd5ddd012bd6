"""Worker processes: the same numbers as inline, and nothing is lost when one of them dies, hangs or lacks memory."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from hpsearch.errors import HpsearchError, InputError
from hpsearch.events import Assignment, EpochEnded, Event, Failure, TrialEnded, TrialFailed
from hpsearch.execution.executor import Executor, Job
from hpsearch.execution.inline import InlineExecutor
from hpsearch.execution.processes import ProcessExecutor
from hpsearch.space.load import parse_study
from hpsearch.training import network_files, weights
from hpsearch.training.data.arrays import Source

VALUES: dict[str, Any] = {"depth": 1, "width": 8, "batch_size": 256, "epochs": 6, "learning_rate": 0.01}
TRIALS = [
    Assignment(n, VALUES | {"width": 8 + n % 3, "learning_rate": 0.01 * (1 + n), "dropout": 0.1 * (n % 2)}, seed=n)
    for n in range(7)
]
PATIENCE = 120.0


@pytest.fixture
def job(tmp_path: Path) -> Job:
    split = {"train": 0.7, "dev": 0.15, "test": 0.15}
    return Job(
        Source("digits", split), "mlp", "cpu", 4, tmp_path / "two", "dev_accuracy", "maximize",
        every=0.0, disk=10**9, workers=2,
    )  # fmt: skip


@contextmanager
def opened(executor: Executor) -> Iterator[Any]:
    try:
        yield executor
    finally:
        executor.close()


def drain(executor: Executor, after: Callable[[list[Event]], None] = lambda told: None) -> dict[int, list[Event]]:
    """All that is said; `after` is called whenever something was. A trial that has ended is committed at once."""
    told: dict[int, list[Event]] = {}
    until = time.monotonic() + PATIENCE
    while events := executor.poll(until):
        for event in events:
            told.setdefault(event.number, []).append(event)
            if not isinstance(event, EpochEnded):
                executor.stop(event.number, 0.5 if isinstance(event, TrialEnded) else None)
        after([event for events in told.values() for event in events])
    assert time.monotonic() < until, f"it hangs; so far {told}"
    return told


def submit(executor: Executor, trials: list[Assignment] = TRIALS, until: int = 6) -> None:
    for trial in trials:
        executor.submit(trial, tick=0, until=until)


def numbers(told: dict[int, list[Event]]) -> dict[int, list[Any]]:
    """What was said, without the clock."""
    return {
        n: [(e.epoch, e.metrics, e.signals) for e in events if isinstance(e, EpochEnded)] for n, events in told.items()
    }


def networks(job: Job) -> dict[str, dict[str, torch.Tensor]]:
    return {file.name: weights.load(file) for file in sorted(job.weights.glob("*.pt"))}


@pytest.fixture
def expected(job: Job, tmp_path: Path) -> tuple[dict[int, list[Any]], dict[str, dict[str, torch.Tensor]]]:
    """What the trials say and leave behind inline, each alone."""
    alone = replace(job, stack=1, weights=tmp_path / "alone", every=60.0)
    with opened(InlineExecutor(alone)) as executor:
        submit(executor)
        told = numbers(drain(executor))
    return told, networks(alone)


def same(one: dict[str, dict[str, torch.Tensor]], other: dict[str, dict[str, torch.Tensor]]) -> bool:
    return one.keys() == other.keys() and all(
        torch.equal(tensor, other[file][name]) for file, state in one.items() for name, tensor in state.items()
    )


def test_two_workers_give_the_bits_of_one_process(job: Job, expected: Any) -> None:
    with opened(ProcessExecutor(job)) as executor:
        submit(executor)
        told = drain(executor)
        usage = executor.usage()
    assert numbers(told) == expected[0]
    assert same(networks(job), expected[1])
    assert all(isinstance(events[-1], TrialEnded) for events in told.values())
    assert usage.devices == ("cpu", "cpu")
    assert usage.epochs == 7 * 6
    assert usage.stacks < usage.epochs
    trained = [event for events in told.values() for event in events if isinstance(event, EpochEnded)]
    together = Counter((event.worker, event.time) for event in trained)
    assert all(event.stack == together[event.worker, event.time] for event in trained)
    assert {event.worker for event in trained} == {0, 1}
    assert len(together) == usage.stacks
    assert all(seconds > 0 for seconds in usage.busy)
    assert not list(job.weights.glob("*.checkpoint"))


def test_costs_are_those_of_one_process_before_and_while_workers_train(job: Job) -> None:
    with opened(InlineExecutor(job)) as executor:
        expected = [executor.costs(trial.values) for trial in TRIALS]
    assert expected[0] == {"parameters": 64 * 8 + 8 + 8 * 10 + 10, "multiply_adds": 64 * 8 + 8 * 10}
    with opened(ProcessExecutor(job)) as executor:
        assert executor.costs(TRIALS[0].values) == expected[0]
        submit(executor)
        executor.poll(time.monotonic() + PATIENCE)
        assert [executor.costs(trial.values) for trial in TRIALS] == expected
        assert executor.costs(VALUES | {"depth": 3, "width": 100})["parameters"] > 20_000


def test_a_worker_without_work_takes_trials_over_from_another(job: Job) -> None:
    kinds = [replace(trial, values={**trial.values, "width": 8 + trial.number}) for trial in TRIALS]
    with opened(InlineExecutor(replace(job, weights=job.weights.parent / "alone"))) as executor:
        submit(executor, kinds)
        expected = numbers(drain(executor))
    places: dict[int, set[int | None]] = {trial.number: {0} for trial in kinds}

    def watch(told: list[Event]) -> None:
        for trial in executor._schedule.trials.values():
            places[trial.number].add(trial.place)

    with opened(ProcessExecutor(job)) as executor:
        submit(executor, kinds, until=2)
        for trial in executor._schedule.trials.values():
            trial.place = 0  # all are to be one worker's, and the other one may take none of them
        executor._movable = False
        first = drain(executor)
        for trial in executor._schedule.trials.values():
            assert (trial.place, trial.epoch) == (0, 2)
            trial.until = 6
        executor._movable = True
        told = drain(executor, watch)
    assert any({0, 1} <= seen for seen in places.values()), "nobody moved"
    assert {e.worker for events in first.values() for e in events if isinstance(e, EpochEnded)} == {0}
    assert {e.worker for events in told.values() for e in events if isinstance(e, EpochEnded)} == {0, 1}
    for number, events in told.items():
        assert numbers({number: [*first[number], *events]})[number] == expected[number]


def test_a_worker_killed_in_the_middle_costs_nothing_but_time(
    job: Job, expected: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hpsearch.execution.processes.MOST_CRASHES", 3)  # one trial may be with all that are killed
    killed: list[int] = []

    def kill(told: list[Event]) -> None:
        if len(killed) < 3 and len(told) >= 5 * (len(killed) + 1):
            worker = executor._workers[len(killed) % 2]
            os.kill(worker.process, signal.SIGKILL)
            killed.append(worker.process)

    with opened(ProcessExecutor(job)) as executor:
        submit(executor)
        told = drain(executor, kill)
        assert not {worker.process for worker in executor._workers} & set(killed)
    assert len(killed) == 3
    assert numbers(told) == expected[0]
    assert same(networks(job), expected[1])


def test_a_host_that_died_is_replaced_with_the_worker(job: Job, expected: Any) -> None:
    done: list[bool] = []

    def kill(told: list[Event]) -> None:
        if not done and len(told) > 5:
            host = executor._hosts["cpu"]._process
            host.kill()
            host.wait()
            os.kill(executor._workers[0].process, signal.SIGKILL)
            done.append(True)

    with opened(ProcessExecutor(job)) as executor:
        submit(executor)
        told = drain(executor, kill)
    assert done
    assert numbers(told) == expected[0]


def test_a_host_that_died_is_replaced_to_count_what_a_network_costs(job: Job) -> None:
    with opened(ProcessExecutor(job)) as executor:
        before = executor.costs({"width": 8})
        host = executor._hosts["cpu"]._process
        host.kill()
        host.wait()
        assert executor.costs({"width": 8}) == before
        assert before["parameters"] > 0


def test_a_study_stopped_goes_on_in_another_executor(job: Job, expected: Any) -> None:
    with opened(ProcessExecutor(replace(job, every=60.0))) as executor:
        submit(executor)
        for _ in range(4):
            executor.poll(time.monotonic() + PATIENCE)
    assert list(job.weights.glob("*.checkpoint"))
    with opened(InlineExecutor(job)) as executor:
        submit(executor)
        told = drain(executor)
    assert numbers(told) == expected[0]
    assert same(networks(job), expected[1])


# A network whose second epoch kills, hangs or raises, by its learning rate; it is code that the test's worker runs.
POISON = """
import os, signal, sys, time
import resource
import hpsearch.execution.trainer as trainer
real = trainer.train_epoch
def poisoned(stack, *rest):
    for state in stack.states:
        if state.epoch == 1 and state.config.l1 == 0.25:
            os.kill(os.getpid(), signal.SIGKILL)
        if state.epoch == 1 and state.config.l1 == 0.5:
            time.sleep(3600)
        if state.epoch == 1 and state.config.l1 == 0.75:
            raise ValueError("a user's network went wrong")
        if len(stack.states) > 1 and state.epoch == 1 and state.config.l1 == 0.125:
            limits = resource.getrlimit(resource.RLIMIT_AS)
            resource.setrlimit(resource.RLIMIT_AS, (2**30, limits[1]))  # what is mapped now is more than that
            try:
                import torch
                torch.empty(2**28).fill_(1.0)
            finally:
                resource.setrlimit(resource.RLIMIT_AS, limits)
    return real(stack, *rest)
trainer.train_epoch = poisoned
"""


@pytest.fixture
def poisoned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hosts begun from now on run POISON when they start."""
    folder = tmp_path / "poison"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text("import sys\nif 'hpsearch.execution.host' in sys.orig_argv:\n"
                                             + "".join(f"    {line}\n" for line in POISON.splitlines()))  # fmt: skip
    monkeypatch.setenv("PYTHONPATH", f"{folder}:{os.environ.get('PYTHONPATH', '')}")


def with_l1(number: int, l1: float) -> list[Assignment]:
    """The trials, of one kind, one of them poisoned."""
    same_kind = [replace(t, values={**t.values, "width": 8}) for t in TRIALS[:4]]
    return [replace(t, values={**t.values, "l1": l1 if t.number == number else 0.0}) for t in same_kind]


@pytest.mark.usefixtures("poisoned")
@pytest.mark.parametrize(
    ("l1", "failure", "longest"),
    [(0.25, Failure.CRASHED, None), (0.5, Failure.TIMEOUT, 2.0), (0.75, Failure.ERROR, None)],
)
def test_a_trial_that_kills_hangs_or_raises_is_classed_and_the_others_go_on(
    job: Job, monkeypatch: pytest.MonkeyPatch, l1: float, failure: Failure, longest: float | None
) -> None:
    monkeypatch.setattr("hpsearch.execution.processes.SLACK", 1.0)
    with opened(ProcessExecutor(replace(job, longest=longest))) as executor:
        submit(executor, with_l1(2, l1))
        told = drain(executor)
    failed = {n: events[-1] for n, events in told.items() if isinstance(events[-1], TrialFailed)}
    assert {n: (e.failure, e.epoch) for n, e in failed.items() if isinstance(e, TrialFailed)} == {2: (failure, 1)}
    for number in (0, 1, 3):
        assert [type(event) for event in told[number]] == [EpochEnded] * 6 + [TrialEnded]


@pytest.mark.usefixtures("poisoned")
def test_want_of_memory_ends_with_every_trial_done(job: Job) -> None:
    with opened(ProcessExecutor(replace(job, workers=1))) as executor:
        submit(executor, with_l1(2, 0.125))
        told = drain(executor)
        limits = {trial.limit for trial in executor._schedule.trials.values()}
    assert all(isinstance(events[-1], TrialEnded) for events in told.values())
    assert limits == set()


def test_the_data_are_checked_before_anything_is_written(job: Job) -> None:
    study = "name: s\ndata: digits\nhyperparameters: {epochs: 2, channels: [4, 8]}\n"
    with opened(ProcessExecutor(job)) as executor, pytest.raises(InputError, match="model mlp does not read it"):
        executor.check(parse_study(study, file="s.yaml"))
    missing = replace(job, data=Source("csv", path="/nowhere.csv", target="y"))
    with opened(ProcessExecutor(missing)) as executor, pytest.raises(InputError, match=r"nowhere\.csv"):
        executor.check(parse_study("name: s\ndata: digits\nhyperparameters: {epochs: 2}\n", file="s.yaml"))
    assert not job.weights.exists()


def test_workers_that_die_again_and_again_end_the_run(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hpsearch.execution.processes.MOST_DEATHS", 0)
    with opened(ProcessExecutor(job)) as executor:
        submit(executor)
        executor.poll(time.monotonic() + PATIENCE)
        os.kill(executor._workers[0].process, signal.SIGKILL)
        with pytest.raises(HpsearchError, match="workers died"):
            drain(executor)


def test_no_process_is_left_behind(job: Job) -> None:
    import psutil

    with opened(ProcessExecutor(job)) as executor:
        submit(executor)
        until = time.monotonic() + PATIENCE
        while 0 not in {event.number for event in executor.poll(until)}:  # what has trained nothing saves nothing
            assert time.monotonic() < until
        processes = [worker.process for worker in executor._workers] + [executor._hosts["cpu"]._process.pid]
        assert all(psutil.pid_exists(process) for process in processes)
    until = time.monotonic() + PATIENCE
    while any(psutil.pid_exists(process) for process in processes) and time.monotonic() < until:
        time.sleep(0.02)
    assert not any(psutil.pid_exists(process) for process in processes)
    assert network_files.checkpoint(job.weights, 0).exists()
