from __future__ import annotations

from dataclasses import replace

from hpsearch.events import Failure
from hpsearch.reports.failures import ADVICE, FailureClass, failure_classes
from hpsearch.reports.summary import summarise
from tests.reports.studies import study, trial


def test_the_summary_names_the_winner_and_counts_the_rest() -> None:
    summary = summarise(
        study(
            trial(0, 0.9, params={"learning_rate": 1e-5}, fixed={"epochs": 20}),
            trial(1, 0.95, params={"learning_rate": 0.001234567}, fixed={"epochs": 20}, start=60, seconds=30),
            trial(2, state="PRUNED", start=20),
            trial(3, 0.0, failure=Failure.DIVERGED, message="not finite", seconds=5),
            trial(4, state="FAIL", failure=Failure.ERROR, message="boom\nline 2", seconds=None),
            trial(5, state="FAIL", failure=Failure.ERROR, seconds=1),
            trial(6, state="RUNNING", seconds=None),
            total=8,
        )
    )
    assert summary.verdict == "Trial 1 is the best: dev accuracy 0.95."
    assert (summary.best, summary.value) == (1, "0.95")
    assert summary.searched == (("learning rate", "0.001235"),)
    assert summary.fixed == (("epochs", "20"),)
    assert summary.counts == (("complete", 2), ("pruned", 1), ("failed", 3), ("running", 1))
    assert summary.ended == 6
    assert summary.elapsed == "1 min 30 s"
    assert summary.training == "56 s"
    assert summary.cost == "It took 6 trials, 0 epochs; 1 min 30 s from the first start to the last end."
    assert summary.lead[0] == "It is 0.05 ahead of the second and 0.025 better than the median of 2 finished trials."


def test_the_cost_says_how_busy_the_devices_were() -> None:
    effort = {"devices": ["cuda:0", "cuda:0", "cpu"], "busy": 0.871}
    summary = summarise(study(trial(0, 0.5, metrics={"dev_accuracy": [0.1, 0.5]}), effort=effort))
    assert summary.cost == (
        "It took 1 trial, 2 epochs; 10 s from the first start to the last end; "
        "2 × cuda:0, 1 × cpu computing 87% of the last run."
    )


def test_the_summary_says_what_was_found_in_the_best_trial() -> None:
    losses = {"train_loss": [2.0, 1.9], "dev_loss": [2.0, 1.9], "train_accuracy": [0.1, 0.2]}
    summary = summarise(study(trial(0, 0.2, metrics={**losses, "dev_accuracy": [0.1, 0.2]})))
    assert [name for name, _ in summary.diagnosis] == ["not learning"]
    assert "train accuracy was 0.200" in summary.diagnosis[0][1]


def test_a_study_without_a_winner_says_so() -> None:
    assert summarise(study()).verdict == "No trial has started yet."
    running = study(trial(0, state="RUNNING", seconds=None))
    assert summarise(running).verdict == "No trial has finished with a value yet."
    assert summarise(study(trial(0, state="FAIL"))).verdict == "No trial finished with a value."
    assert summarise(study(trial(0, None))).best is None


def test_of_several_objectives_the_verdict_counts_the_front() -> None:
    costs = {"parameters": 7, "multiply_adds": 7}
    several = study(
        replace(trial(0, 0.9), objectives={"dev_accuracy": 0.9, "parameters": 100}, costs=costs),
        replace(trial(1, 0.9), objectives={"dev_accuracy": 0.9, "parameters": 90}, costs=costs),
        replace(trial(2, 0.8), objectives={"dev_accuracy": 0.8, "parameters": 95}, costs=costs),
        replace(trial(3, 0.7), objectives={"dev_accuracy": 0.7, "parameters": 10}, costs=costs),
        objectives=(("parameters", "minimize"), ("dev_accuracy", "maximize")),
    )
    assert [one.number for one in several.front] == [1, 3]
    summary = summarise(several)
    assert summary.best == 1
    assert summary.verdict == (
        "Trial 1 is the best: dev accuracy 0.9. 2 trials are on the front of parameters and dev accuracy."
    )


def test_a_diverged_trial_is_never_the_best_one() -> None:
    summary = summarise(study(trial(0, 99.0, failure=Failure.DIVERGED), trial(1, 0.1)))
    assert summary.best == 1


def test_every_class_of_failure_is_told_in_a_line_with_advice() -> None:
    assert set(ADVICE) == set(Failure)
    trials = [trial(n, state="FAIL", failure=failure, message="it broke") for n, failure in enumerate(Failure)]
    again = trial(9, state="FAIL", failure=Failure.TIMEOUT, message="it took too long")
    first, *others = failure_classes(study(*trials, again))
    assert first.line() == f"2 timeout (trial 2 first: it broke): {ADVICE[Failure.TIMEOUT]}"
    assert [len(line) > 40 and "\n" not in line for line in (one.line() for one in others)] == [True] * 4
    assert FailureClass(Failure.OUT_OF_MEMORY, 1, ((3, ""),)).line().startswith("1 out of memory (trial 3): ")
