from __future__ import annotations

import math

import pytest

from hpsearch.reports.certainty import lead
from hpsearch.search.records import StudyRecord
from tests.reports.studies import study, trial


def of(best: float, second: float, samples: float | None) -> StudyRecord:
    signals = {1: {"dev_samples": [samples]}} if samples else None
    others = (trial(1, second), trial(2, second - 0.3))
    return study(trial(0, best, signals=signals, metrics={"dev_accuracy": [0.1, best]}), *others)


def test_a_lead_of_more_than_two_standard_errors_is_sure() -> None:
    found = lead(of(0.95, 0.90, 1000))
    assert found is not None
    assert (found.second, found.median, found.of) == pytest.approx((0.05, 0.05, 3))
    assert found.noise == pytest.approx(math.sqrt((0.95 * 0.05 + 0.90 * 0.10) / 1000))
    assert (found.source, found.sure) == ("samples", True)
    assert "more than chance" in found.sentences("dev_accuracy")[1]


def test_the_same_lead_in_a_small_dev_part_is_not() -> None:
    found = lead(of(0.95, 0.90, 50))
    assert found is not None
    assert found.sure is False
    assert "That is not sure" in found.sentences("dev_accuracy")[1]


def test_where_the_dev_part_does_not_tell_the_curve_does() -> None:
    curve = [0.5, 0.2, 0.21, 0.19, 0.2, 0.2]
    for second, sure in ((0.5, None), (0.21, False)):  # a curve that stands still says nothing of other seeds
        best = trial(0, 0.2, metrics={"dev_loss": curve})
        found = lead(study(best, trial(1, second), metric="dev_loss", direction="minimize"))
        assert found is not None
        assert found.noise == pytest.approx(math.sqrt((0.01**2 + 0.02**2 + 0.01**2 + 0) / 4))
        assert (found.source, found.sure) == ("epochs", sure)


def test_nothing_is_known_of_one_seed_without_either() -> None:
    found = lead(of(0.95, 0.90, None))
    assert found is not None
    assert (found.noise, found.sure) == (None, None)
    assert "cannot be told" in found.sentences("dev_accuracy")[1]


def test_equal_values_are_no_lead() -> None:
    found = lead(of(0.95, 0.95, 1000))
    assert found is not None
    assert found.sure is False
    assert found.sentences("dev_accuracy")[0].startswith("The second is as good")
    assert lead(study(trial(0, 0.5))) is None


def test_where_all_are_equal_so_is_the_median() -> None:
    found = lead(study(*(trial(number, 0.5) for number in range(4))))
    assert found is not None
    assert found.sentences("dev_accuracy")[0] == "The second is as good and so is the median of 4 finished trials."
