from __future__ import annotations

from hpsearch.events import Failure, Signals
from hpsearch.reports.next_steps import next_steps
from hpsearch.search.records import Dimension
from tests.reports.studies import search, study, trial


def test_nothing_ended_asks_for_nothing() -> None:
    assert next_steps(study()) == ()
    assert next_steps(study(trial(0, state="RUNNING", seconds=None))) == ()


def test_many_failures_come_first_then_narrow_ranges() -> None:
    failed = [trial(n, state="FAIL", failure=Failure.OUT_OF_MEMORY) for n in range(20)]
    rising = [trial(20 + n, n / 20, params={"x": n / 20}) for n in range(21)]
    steps = next_steps(study(*failed, *rising, dimensions=(Dimension("x", low=0.0, high=1.0),)))
    assert steps[0].startswith("20 of 41 trials ended as out of memory")
    assert steps[1].endswith("x: {low: 0, high: 1.5}")


def test_a_late_best_asks_for_more_trials_and_an_early_one_does_not() -> None:
    def steps(best: int) -> str:
        return " ".join(next_steps(study(*(trial(n, 0.9 if n == best else 0.5) for n in range(20)))))

    assert "came late, in trial 19" in steps(19)
    assert "Nothing better came in the last 19 trials" in steps(0)
    assert "likely" not in steps(12)


def test_what_most_of_the_best_suffer_from_is_named_with_advice() -> None:
    facts: Signals = {"trivial_accuracy": [0.1], "trivial_loss": [2.3], "dev_samples": [10_000.0]}
    trials = []
    for number in range(12):
        dev = 0.6 + number / 100
        signals: dict[int, Signals] = {1: facts, 2: {"train_part_accuracy": [0.99]}}
        metrics = {
            "dev_accuracy": [0.1, dev],
            "train_accuracy": [0.1, 0.99],
            "train_loss": [2.0, 0.1],
            "dev_loss": [2.0, 2.0],
        }
        trials.append(trial(number, dev, metrics=metrics, signals=signals))
    steps = next_steps(study(*trials))
    assert any(step.startswith("10 of the 10 best trials: overfitting. Try dropout") for step in steps)


def test_a_lead_that_may_be_chance_asks_for_other_seeds() -> None:
    for samples, sure in ((50.0, False), (100_000.0, True)):
        best = trial(0, 0.95, metrics={"dev_accuracy": [0.1, 0.95]}, signals={1: {"dev_samples": [samples]}})
        steps = next_steps(study(best, trial(1, 0.9)))
        assert any("other seeds" in step for step in steps) is not sure


def test_equal_values_and_a_single_trial_get_no_advice_that_compares() -> None:
    steps = next_steps(study(*(trial(number, 0.5, params={"x": number / 30}) for number in range(30))))
    assert [step for step in steps if "winner" in step or "range" in step] == []
    (step,) = [step for step in next_steps(search(1)) if "still improving" in step]
    assert step.startswith("The best trial: still improving. ")
