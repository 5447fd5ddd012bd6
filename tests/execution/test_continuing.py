"""A trial that was stopped goes on from its checkpoint, and ends as if it had never been stopped: bit for bit."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hpsearch import registry
from hpsearch.events import Assignment, EpochEnded, Event, Failure, TrialEnded, TrialFailed
from hpsearch.execution.executor import Job
from hpsearch.execution.inline import InlineExecutor
from hpsearch.training import network_files, weights
from hpsearch.training.data.arrays import Source
from hpsearch.training.fit import train_epoch
from hpsearch.training.stack import Stack
from tests.training import trials

DATA = trials.dataset()
EVERYTHING: dict[str, Any] = {
    "depth": 2, "width": 7, "batch_norm": True, "batch_size": 16, "epochs": 5, "learning_rate": 0.05,
    "dropout": 0.3, "input_noise": 0.2, "l1": 1e-3, "l2": 1e-2, "lr_decay": "step", "decay_epochs": 2,
    "warmup_epochs": 1, "gradient_clip": 0.5,
}  # fmt: skip


@dataclass
class Bench:
    """Executors, one after the other, over one folder; which epochs they really trained."""

    folder: Path
    trained: list[tuple[int, int]]

    def job(self, **changed: Any) -> Job:
        job = Job(Source("digits"), "mlp", "cpu", 4, self.folder, "dev_accuracy", "maximize", every=60.0, disk=10**9)
        return replace(job, **changed)

    def train(self, stack: Stack, *unused: Any) -> list[dict[str, float]]:
        metrics = train_epoch(stack)
        self.trained += [(state.number, state.epoch) for state in stack.states]
        return metrics

    @contextmanager
    def executor(self, **changed: Any) -> Iterator[InlineExecutor]:
        with (
            mock.patch("hpsearch.execution.inline.prepare", return_value=DATA),
            mock.patch("hpsearch.execution.trainer.train_epoch", self.train),
        ):
            executor = InlineExecutor(self.job(**changed))
            try:
                yield executor
            finally:
                executor.close()

    def networks(self) -> dict[str, dict[str, torch.Tensor]]:
        return {file.name: weights.load(file) for file in sorted(self.folder.glob("*.pt"))}

    def checkpoints(self) -> list[str]:
        return sorted(file.name for file in self.folder.glob("*.checkpoint"))


@contextmanager
def bench() -> Iterator[Bench]:
    with tempfile.TemporaryDirectory() as folder:
        yield Bench(Path(folder), [])


Ends = dict[int, list[Event]]


def drain(executor: InlineExecutor, polls: int = 10**6) -> Ends:
    """What each trial says in so many polls; one that has ended is committed at once, as the coordinator does."""
    told: Ends = {}
    for _ in range(polls):
        events = executor.poll()
        if not events:
            break
        for event in events:
            told.setdefault(event.number, []).append(event)
            if not isinstance(event, EpochEnded):
                executor.stop(event.number, 0.5 if isinstance(event, TrialEnded) else None)
    return told


def result(events: list[Event]) -> str:
    """Everything but clock, company, worker and folder, as text, for which nan equals nan."""

    def calm(event: EpochEnded) -> EpochEnded:
        return replace(event, time=0.0, seconds=0.0, worker=0, stack=1)

    return repr([
        calm(e) if isinstance(e, EpochEnded)
        else e if isinstance(e, TrialEnded)
        else replace(e, traceback="", spoilt=e.spoilt and calm(e.spoilt))
        for e in events
    ])  # fmt: skip


def same_networks(one: Bench, other: Bench) -> bool:
    first, second = one.networks(), other.networks()
    same = first.keys() == second.keys()
    return same and all(torch.equal(first[file][name], second[file][name]) for file in first for name in first[file])


@pytest.mark.parametrize("optimizer", registry.names("optimizer"))
def test_a_trial_stopped_after_any_epoch_ends_with_the_same_bits(optimizer: str) -> None:
    trial = Assignment(3, EVERYTHING | {"optimizer": optimizer}, seed=11)
    with bench() as whole, whole.executor() as executor:
        executor.submit(trial, tick=0, until=5)
        expected = drain(executor)[3]
        assert [type(event) for event in expected] == [EpochEnded] * 5 + [TrialEnded]
        for stop in range(6):
            with bench() as stopped:
                with stopped.executor() as first:
                    first.submit(trial, tick=0, until=5)
                    before = [event for _ in range(stop) for event in first.poll()]
                with stopped.executor() as second:
                    second.submit(trial, tick=0, until=5)
                    again = drain(second)[3]
                assert result(again) == result(expected)
                assert again[:stop] == before[:stop], "an epoch is told again as it was, its time and its stack too"
                assert same_networks(stopped, whole)
                assert stopped.trained == [(3, epoch) for epoch in range(1, 6)]
                assert stopped.checkpoints() == []


@settings(max_examples=12)
@given(
    shared=trials.structure,
    members=st.lists(st.tuples(trials.fusible, st.integers(0, 2**53 - 1)), min_size=1, max_size=5),
    stops=st.lists(st.tuples(st.integers(0, 9), st.integers(1, 4)), max_size=3),
    refill=st.integers(1, 4),
    every=st.sampled_from([0.0, 60.0]),
)
def test_stopped_anywhere_in_any_company_nothing_changes(
    shared: dict[str, Any],
    members: list[tuple[dict[str, Any], int]],
    stops: list[tuple[int, int]],
    refill: int,
    every: float,
) -> None:
    assignments = [Assignment(n, shared | own, seed) for n, (own, seed) in enumerate(members)]

    def go_on(executor: InlineExecutor, done: Ends, polls: int) -> None:
        """Slots for two trials; who has ended makes room, and the epochs that a trial may train grow."""
        waiting, allowed = [a for a in assignments if a.number not in done], dict[int, int]()
        ahead = polls
        while ahead and (waiting or allowed):
            while waiting and len(allowed) < 2:
                trial = waiting.pop(0)
                allowed[trial.number] = min(refill, int(trial.values["epochs"] or 0))
                executor.submit(trial, tick=trial.number, until=allowed[trial.number])
            told = drain(executor, 1)
            ahead -= 1
            for number, events in told.items():
                said.setdefault(number, []).extend(events)
                if not isinstance(events[-1], EpochEnded):
                    done[number] = said[number]
                    del allowed[number]
            if not told:
                for number in allowed:
                    allowed[number] = min(allowed[number] + refill, int(assignments[number].values["epochs"] or 0))
                    executor.extend(number, allowed[number])

    with bench() as whole, bench() as stopped:
        expected: Ends = {}
        for assignment in assignments:
            with whole.executor() as alone:
                alone.submit(assignment, tick=0, until=int(assignment.values["epochs"] or 0))
                expected |= drain(alone)
        done: Ends = {}
        for polls, stack in [*stops, (10**6, 3)]:
            said: Ends = {}
            with stopped.executor(stack=stack, every=every) as executor:
                go_on(executor, done, polls)
        assert {n: result(events) for n, events in done.items()} == {
            n: result(events) for n, events in expected.items()
        }
        assert same_networks(stopped, whole)
        assert len(set(stopped.trained)) == len(stopped.trained), "an epoch was trained twice"
        assert stopped.checkpoints() == []


@pytest.fixture
def place(tmp_path: Path) -> Bench:
    return Bench(tmp_path, [])


def submit(executor: InlineExecutor, until: int = 5, **values: Any) -> None:
    for number in (0, 1):
        executor.submit(Assignment(number, EVERYTHING | values, seed=number), tick=0, until=until)


def test_short_trials_write_no_checkpoint_and_long_ones_when_their_time_has_come(place: Bench) -> None:
    with place.executor(every=60.0) as executor:
        submit(executor)
        executor.poll()
        assert place.checkpoints() == []
        with mock.patch("time.monotonic", return_value=1e12):
            executor.poll()
        assert place.checkpoints() == ["trial-00000.checkpoint", "trial-00001.checkpoint"]
        executor.stop(0)
        assert place.checkpoints() == ["trial-00001.checkpoint"]
        drain(executor)
    assert place.checkpoints() == []


@pytest.mark.parametrize(("every", "kept"), [(0.0, 1), (60.0, 0)])
def test_a_broken_off_epoch_is_not_saved_but_the_checkpoint_before_it_stays(
    place: Bench, every: float, kept: int
) -> None:
    def broken_off(stack: Stack, *unused: Any) -> list[dict[str, float]]:
        stack.parameters.zero_()
        raise KeyboardInterrupt

    with place.executor(every=every) as executor:
        submit(executor)
        executor.poll()
        with mock.patch("hpsearch.execution.trainer.train_epoch", broken_off), pytest.raises(KeyboardInterrupt):
            executor.poll()
    assert len(place.checkpoints()) == 2 * kept
    with place.executor() as executor:
        submit(executor)
        told = drain(executor)
    with bench() as whole, whole.executor() as executor:
        submit(executor)
        expected = drain(executor)
        assert [result(told[n]) for n in (0, 1)] == [result(expected[n]) for n in (0, 1)]
        assert same_networks(place, whole)
    assert sorted(place.trained) == sorted([*[(n, 1) for n in (0, 1)] * (1 - kept), *whole.trained])


def test_epochs_told_again_wait_as_epochs_do(place: Bench) -> None:
    with place.executor() as executor:
        submit(executor)
        for _ in range(4):
            executor.poll()
    place.trained.clear()
    with place.executor() as executor:
        submit(executor, until=1)
        assert {n: len(events) for n, events in drain(executor).items()} == {0: 1, 1: 1}
        for number in (0, 1):
            executor.extend(number, 3)
        assert {n: [e.epoch for e in events] for n, events in drain(executor).items()} == {0: [2, 3], 1: [2, 3]}
        assert place.trained == []
        executor.extend(1, 5)
        assert [e.epoch for e in drain(executor)[1]] == [4, 5, 5]
        assert place.trained == [(1, 5)]


def test_a_trial_that_ended_before_its_turn_was_dealt_with_is_not_trained_again(place: Bench) -> None:
    with place.executor() as executor:
        submit(executor)
        while events := executor.poll():
            pass
    (place.folder / "trial-00000.pt").unlink()
    place.trained.clear()
    with place.executor() as executor:
        submit(executor)
        events = executor.poll()
    assert [type(e) for e in events if e.number == 0] == [EpochEnded] * 5 + [TrialEnded]
    assert place.trained == []
    assert (place.folder / "trial-00000.pt").exists()


@pytest.mark.parametrize("spoil", ["torn", "foreign", "bomb"])
def test_a_checkpoint_that_cannot_be_used_means_to_begin_anew(place: Bench, spoil: str) -> None:
    with place.executor() as executor:
        submit(executor)
        executor.poll()
        executor.poll()
    file = network_files.checkpoint(place.folder, 0)
    if spoil == "torn":
        file.write_bytes(file.read_bytes()[:-1])
    elif spoil == "foreign":
        file.write_bytes(network_files.checkpoint(place.folder, 1).read_bytes())
    else:
        file.write_bytes(b"cos\nsystem\n(S'touch harm'\ntR.")
    place.trained.clear()
    with place.executor() as executor:
        submit(executor)
        told = drain(executor)
    assert sorted(place.trained) == [(0, 1), (0, 2), (0, 3), (0, 4), (0, 5), (1, 3), (1, 4), (1, 5)]
    with bench() as whole, whole.executor() as executor:
        submit(executor)
        expected = drain(executor)
        assert [result(told[n]) for n in (0, 1)] == [result(expected[n]) for n in (0, 1)]
        assert same_networks(place, whole)


def test_a_stack_that_is_taken_apart_goes_on_from_its_checkpoints(place: Bench) -> None:
    def short(stack: Stack, *unused: Any) -> list[dict[str, float]]:
        if len(stack.states) > 1 and stack.states[0].epoch == 3:
            stack.parameters.zero_()
            raise torch.OutOfMemoryError("not enough memory")
        return place.train(stack)

    with place.executor(every=0.0) as executor, mock.patch("hpsearch.execution.trainer.train_epoch", short):
        submit(executor)
        told = drain(executor)
    assert sorted(place.trained) == [(number, epoch) for number in (0, 1) for epoch in range(1, 6)]
    with bench() as whole, whole.executor() as executor:
        submit(executor)
        expected = drain(executor)
        assert [result(told[n]) for n in (0, 1)] == [result(expected[n]) for n in (0, 1)]
        assert same_networks(place, whole)


def test_the_best_epochs_network_is_kept_where_it_is_another(place: Bench) -> None:
    values = EVERYTHING | {"learning_rate": 0.3, "epochs": 9, "optimizer": "sgd"}
    with place.executor() as executor:
        executor.submit(Assignment(0, values, seed=2), tick=0, until=9)
        accuracies = [event.metrics["dev_accuracy"] for event in drain(executor)[0] if isinstance(event, EpochEnded)]
        best = accuracies.index(max(accuracies)) + 1
        assert accuracies[-1] < max(accuracies), "this trial shows nothing"
    kept = weights.load(network_files.best(place.folder, 0))
    with bench() as short, short.executor() as executor:
        executor.submit(Assignment(0, values, seed=2), tick=0, until=best)
        drain(executor)
        held = executor._trainer._held[0]
        program = executor._trainer._programs[held.signature]
        now = program.named_weights(held.state.parameters, held.state.buffers)
    assert all(torch.equal(kept[name], now[name]) for name in now)


def test_making_a_network_may_fail_which_is_an_event_of_that_trial_alone(place: Bench) -> None:
    from hpsearch.training.program import Program

    real = Program.initial

    def faulty(self: Program, seed: int, config: Any) -> Any:
        if seed == 0:
            raise ValueError("pretraining went wrong")
        return real(self, seed, config)

    with mock.patch.object(Program, "initial", faulty), place.executor() as executor:
        submit(executor)
        told = drain(executor)
    (failed,) = told[0]
    assert isinstance(failed, TrialFailed)
    assert (failed.failure, failed.epoch) == (Failure.ERROR, 0)
    assert "pretraining went wrong" in failed.message
    assert isinstance(told[1][-1], TrialEnded)


def test_to_submit_a_trial_makes_nothing_yet(place: Bench) -> None:
    with place.executor() as executor, mock.patch("hpsearch.training.program.Program.initial") as initial:
        submit(executor)
        initial.assert_not_called()


def test_a_disk_without_room_costs_nothing_but_the_checkpoints(place: Bench, caplog: pytest.LogCaptureFixture) -> None:
    with place.executor(every=0.0, disk=100) as executor:
        submit(executor)
        told = drain(executor)
    assert [type(events[-1]) for events in told.values()] == [TrialEnded, TrialEnded]
    assert len(caplog.records) == 1
    assert {name[:11] for name in place.networks()} == {"trial-00000"}
