from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from hpsearch.events import Signals
from hpsearch.reports.figure import Missing
from hpsearch.reports.figures.gradient_health import GradientHealth, Layers, compute, draw
from hpsearch.reports.theme import LIGHT
from hpsearch.search.records import TrialRecord
from hpsearch.training.findings import Finding
from tests.reports.studies import search, study, trial


def measured(
    number: int, value: float, first: Sequence[float], last: Sequence[float], *signs: str, dead: float = 0.0
) -> TrialRecord:
    signals: dict[int, Signals] = {
        1: {"gradient_norm": first, "dead": [dead]},
        2: {"dead": [dead]},
        5: {"gradient_norm": last, "dead": []},
    }
    one = trial(number, value, signals=signals)
    return replace(one, diagnosis=(Finding("learning", "."), *(Finding(sign, ".") for sign in signs)))


GOOD = measured(0, 0.9, [0.1, 0.2], [0.01, 0.02])
FADED = measured(1, 0.3, [1e-5, 0.2], [1e-4, 0.2], "vanishing_gradients")
WORSE = measured(2, 0.2, [1e-4, 0.2], [1e-7, 0.2], "vanishing_gradients")
DEAD = measured(3, 0.5, [0.1, 0.1], [0.1, 0.1], "dead_units", dead=0.9)
PLAIN = measured(4, 0.4, [0.1, 0.1, 0.1], [0.1, 0.1, 0.1])


def test_the_best_trial_and_the_worst_of_each_sign_are_shown() -> None:
    record = compute(study(GOOD, FADED, WORSE, DEAD, PLAIN, trial(5, 0.1)), affected=2, others=10)
    assert isinstance(record, GradientHealth)
    assert record.best == Layers(0, (1, 5), (0.1, 0.2), (0.01, 0.02))
    assert [(one.number, one.signs) for one in record.affected] == [(2, ("vanishing_gradients",)), (3, ("dead_units",))]
    assert [one.number for one in record.others] == [1, 4]
    assert record.counts == (("vanishing_gradients", 2), ("dead_units", 1))
    assert record.measured == 5


def test_the_best_trial_is_not_shown_twice() -> None:
    record = compute(study(replace(WORSE, value=0.99), GOOD))
    assert isinstance(record, GradientHealth)
    assert record.best is not None
    assert (record.best.number, record.affected) == (2, ())
    assert record.best.signs == ("vanishing_gradients",)


def test_others_are_left_out_evenly() -> None:
    record = compute(search(60), others=5)
    assert isinstance(record, GradientHealth)
    assert len(record.others) == 5


def test_the_caption_and_the_labels_name_what_was_seen() -> None:
    record = compute(study(GOOD, FADED, WORSE, DEAD))
    assert isinstance(record, GradientHealth)
    texts = [note.text for note in draw(record, LIGHT).layout.annotations]
    assert "Of 4 trials: vanishing gradients in 2, dead units in 1" in texts
    assert {"#0  best", "#2  vanishing", "#3  dead"} <= set(texts)
    healthy = compute(study(GOOD))
    assert isinstance(healthy, GradientHealth)
    assert "Nothing wrong in 1 trial" in [note.text for note in draw(healthy, LIGHT).layout.annotations]


def test_gradients_that_are_nothing_or_not_finite_are_drawn_without_them() -> None:
    record = compute(study(measured(0, 0.9, [0.0, 0.1, math.nan], [math.inf, 0.1, 0.1])))
    assert isinstance(record, GradientHealth)
    lines = [trace for trace in draw(record, LIGHT).data if trace.mode == "lines+markers"]
    assert [list(zip(line.x, line.y, strict=True)) for line in lines] == [
        [(1, 1e-12), (2, 0.1)], [(2, 0.1), (3, 0.1)],
    ]  # fmt: skip


def test_a_study_without_measurements_gives_a_reason() -> None:
    assert compute(study(trial(0, 0.5))) == Missing("No trial's gradients were measured.")
