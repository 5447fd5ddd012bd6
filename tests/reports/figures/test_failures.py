from __future__ import annotations

from dataclasses import replace

from hpsearch.events import Failure
from hpsearch.reports.figure import Missing
from hpsearch.reports.figures.failures import Failures, alt, compute, draw
from hpsearch.reports.theme import LIGHT
from tests.reports.studies import study, trial

EVIL = "<script>alert(1)</script>"


def test_classes_come_by_frequency_with_messages_advice_and_the_first_traceback() -> None:
    traced = replace(trial(4, state="FAIL", failure=Failure.ERROR, message=EVIL), traceback=f"line 1\n{EVIL}")
    record = compute(
        study(
            trial(0, 0.9),
            trial(1, 0.0, failure=Failure.DIVERGED, message="not finite"),
            trial(2, state="FAIL", failure=Failure.OUT_OF_MEMORY),
            trial(3, state="FAIL", failure=Failure.OUT_OF_MEMORY),
            traced,
        )
    )
    assert isinstance(record, Failures)
    assert [(one.name, one.count, one.examples) for one in record.classes] == [
        ("out of memory", 2, ((2, ""), (3, ""))),
        ("diverged", 1, ((1, "not finite"),)),
        ("error", 1, ((4, EVIL),)),
    ]
    assert (record.ended, record.traceback) == (5, (4, f"line 1\n{EVIL}"))
    markup = draw(record, LIGHT)
    assert "<script" not in markup
    assert "gradient_clip" in markup
    assert alt(record) == "Of 5 trials that ended, failed: 2 out of memory, 1 diverged, 1 error."


def test_no_failure_is_good_news_in_one_line() -> None:
    assert compute(study(trial(0, 0.9), trial(1, state="PRUNED"))) == Missing("No trial failed.")
