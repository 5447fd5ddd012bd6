from __future__ import annotations

from hpsearch.reports.figure import Missing
from hpsearch.reports.figures.importances import Importances, compute, draw
from hpsearch.reports.theme import LIGHT
from hpsearch.search.importance import most_important_pair
from hpsearch.search.records import Dimension, TrialRecord
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
    reason = "1 trial has a value; importances need at least 10."
    assert compute(study(trial(0, 0.5, params={"x": 0.5}))) == Missing(reason)


def test_equal_values_are_a_reason() -> None:
    assert isinstance(compute(study(*(trial(n, 0.5, params={"x": n / 12}) for n in range(12)))), Missing)


def test_pruned_trials_count_at_their_last_value_where_too_few_are_complete() -> None:
    def pruned(number: int) -> TrialRecord:
        reached = {"dev_accuracy": [0.1, number / 40]}
        return trial(number, state="PRUNED", params={"x": number / 40, "y": number % 3}, metrics=reached)

    complete = [trial(n, n / 40, params={"x": n / 40, "y": n % 3}) for n in range(30, 34)]
    dimensions = (Dimension("x", low=0.0, high=1.0), Dimension("y", low=0, high=2, integer=True))
    few = study(*map(pruned, range(30)), *complete, dimensions=dimensions)
    record = compute(few)
    assert isinstance(record, Importances)
    assert (record.scored, record.pruned) == (4, 30)
    assert record.shares[0][0] == "x"
    assert "4 complete trials and 30 pruned" in draw(record, LIGHT).layout.xaxis.title.text
    enough = study(*map(pruned, range(30)), *(trial(n, n / 50, params={"x": n / 50, "y": 0}) for n in range(30, 42)))
    assert getattr(compute(enough), "pruned", 0) == 0


def test_bootstrap_intervals_hold_the_shares_of_a_clear_case_and_can_be_left_out() -> None:
    record = compute(search(200))
    assert isinstance(record, Importances)
    assert len(record.ranges) == len(record.shares)
    assert all(0 <= low <= high <= 1 for low, high in record.ranges)
    assert record == compute(search(200))
    bare = compute(search(200), resamples=0)
    assert isinstance(bare, Importances)
    assert (bare.ranges, bare.shares) == ((), record.shares)
    assert "pruned trials are not in" in draw(bare, LIGHT).layout.xaxis.title.text


def test_the_pair_that_matters_most_varies_side_by_side() -> None:
    kind = Dimension("kind", options=("a", "b"))
    momentum, rate = (Dimension(name, low=0.0, high=1.0) for name in ("momentum", "rate"))
    trials = [
        trial(
            n, n / 40, params={"rate": n % 7 / 7, **({"kind": "b", "momentum": n / 40} if n >= 20 else {"kind": "a"})}
        )
        for n in range(40)
    ]
    record = study(*trials, dimensions=(kind, momentum, rate))
    pair = most_important_pair(record)
    assert pair is not None
    assert {one.name for one in pair} != {"kind", "momentum"}  # momentum has a value beside b alone
    assert most_important_pair(study(*trials, dimensions=(kind,))) is None
    # Where no two vary side by side, the two that matter most are named all the same.
    alone = most_important_pair(study(*trials, dimensions=(kind, momentum)))
    assert alone is not None
    assert {one.name for one in alone} == {"kind", "momentum"}
