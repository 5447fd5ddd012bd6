from __future__ import annotations

from hpsearch.reports.figure import Missing
from hpsearch.reports.figures.importances import Importances, compute, draw
from hpsearch.reports.theme import LIGHT
from tests.reports.studies import search, study, trial


def test_shares_come_from_the_largest_down_and_sum_to_one() -> None:
    record = compute(search(100))
    assert isinstance(record, Importances)
    shares = [share for _, share in record.shares]
    assert shares == sorted(shares, reverse=True)
    assert abs(sum(shares) - 1) < 1e-9
    assert record.scored == sum(one.scored for one in search(100).trials)
    assert list(draw(record, LIGHT).data[0].x) == shares


def test_too_few_trials_are_a_reason_in_words() -> None:
    reason = "1 trial has a final value; importances need at least 10."
    assert compute(study(trial(0, 0.5, params={"x": 0.5}))) == Missing(reason)


def test_equal_values_are_a_reason() -> None:
    assert isinstance(compute(study(*(trial(n, 0.5, params={"x": n / 12}) for n in range(12)))), Missing)
