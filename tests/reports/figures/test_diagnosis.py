from __future__ import annotations

from dataclasses import replace

from hpsearch.reports.figure import Missing
from hpsearch.reports.figures.diagnosis import Diagnosis, Example, Row, compute, draw
from hpsearch.reports.theme import LIGHT
from hpsearch.search.records import State, TrialRecord
from hpsearch.training.findings import Finding
from tests.reports.studies import search, study, trial


def found(number: int, value: float | None, *names: str, state: State = "COMPLETE") -> TrialRecord:
    """A trial with these findings; its last dev accuracy is a tenth of its number."""
    one = trial(number, value, state=state, metrics={"dev_accuracy": [number / 10]})
    return replace(one, diagnosis=tuple(Finding(name, f"{name} in {number}.") for name in names))


STUDY = study(
    found(0, 0.5, "not_learning", "plateaued"),
    found(1, 0.9, "learning"),
    found(2, None, "not_learning", state="PRUNED"),
    found(3, 0.6, "not_learning", "dead_units"),
    trial(4, state="FAIL"),
)


def test_findings_are_counted_with_their_best_trials_first() -> None:
    assert compute(STUDY, examples=2) == Diagnosis(
        metric="dev_accuracy",
        judged=4,
        verdicts=(
            Row("learning", 1, 0, (Example(1, 0.9, "learning in 1."),)),
            Row(
                "not_learning", 3, 1, (Example(3, 0.6, "not_learning in 3."), Example(0, 0.5, "not_learning in 0.")),
            ),
        ),
        findings=(
            Row("plateaued", 1, 0, (Example(0, 0.5, "plateaued in 0."),)),
            Row("dead_units", 1, 0, (Example(3, 0.6, "dead_units in 3."),)),
        ),
    )  # fmt: skip


def test_a_pruned_trial_is_shown_with_its_last_metric() -> None:
    record = compute(STUDY, examples=3)
    assert isinstance(record, Diagnosis)
    assert record.verdicts[1].examples[2] == Example(2, 0.2, "not_learning in 2.")


def test_the_smallest_loss_is_the_best() -> None:
    record = compute(replace(STUDY, direction="minimize"), examples=1)
    assert isinstance(record, Diagnosis)
    assert [row.examples[0].number for row in record.verdicts] == [1, 0]


def test_bars_are_shares_of_all_judged_trials_with_the_pruned_ones_apart() -> None:
    record = compute(STUDY)
    assert isinstance(record, Diagnosis)
    markup = draw(record, LIGHT)
    assert '<i style="width: 50.00%"></i><i style="width: 25.00%"></i>' in markup
    assert "3 trials, 1 pruned" in markup
    assert "Try he_normal as the initialization" in markup
    assert "Trial 3 (dev accuracy 0.6): dead_units in 3." in markup


def test_a_study_without_anything_wrong_has_verdicts_alone() -> None:
    record = compute(study(found(0, 0.9, "learning")))
    assert isinstance(record, Diagnosis)
    assert draw(record, LIGHT).count("<h3>") == 1


def test_what_is_stored_is_escaped() -> None:
    record = compute(study(found(0, 0.9, "<script>alert(1)</script>")))
    assert isinstance(record, Diagnosis)
    assert "<script>" not in draw(record, LIGHT)
    assert "&lt;script&gt;" in draw(record, LIGHT)


def test_a_study_of_an_older_version_gives_a_reason() -> None:
    old = search(20)
    old = replace(old, trials=tuple(replace(one, diagnosis=()) for one in old.trials))
    assert compute(old) == Missing("No trial has ended yet whose train and dev scores were measured.")
