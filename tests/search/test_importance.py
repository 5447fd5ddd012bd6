from __future__ import annotations

import random

import optuna
import pytest

from hpsearch.events import Failure, Scalar
from hpsearch.search.importance import importances
from hpsearch.search.records import Dimension
from tests.reports.studies import study, trial

X, Y = Dimension("x", low=0.0, high=1.0), Dimension("y", low=0.0, high=1.0)
KIND = Dimension("kind", options=("with", "without"))


def trials(count: int = 60) -> list[dict[str, Scalar]]:
    generator = random.Random(1)
    return [{"x": generator.random(), "y": generator.random()} for _ in range(count)]


def test_the_hyperparameter_that_decides_has_the_largest_share() -> None:
    record = study(
        *(trial(n, float(params["x"] or 0), params=params) for n, params in enumerate(trials())), dimensions=(Y, X)
    )
    shares = importances(record)
    assert list(shares) == ["x", "y"]
    assert shares["x"] > 0.8
    assert sum(shares.values()) == pytest.approx(1.0)


def test_the_shares_are_those_of_optunas_own_study() -> None:
    own = optuna.create_study(direction="maximize")
    ranges: dict[str, optuna.distributions.BaseDistribution] = {
        name: optuna.distributions.FloatDistribution(0.0, 1.0) for name in ("x", "y")
    }
    for params in trials():
        value = float(params["x"] or 0)
        own.add_trial(optuna.trial.create_trial(params=params, distributions=ranges, value=value))
    record = study(
        *(trial(n, float(params["x"] or 0), params=params) for n, params in enumerate(trials())), dimensions=(X, Y)
    )
    assert importances(record) == pytest.approx(optuna.importance.get_param_importances(own))


def test_pruned_and_diverged_trials_change_nothing() -> None:
    scored = [trial(n, float(params["x"] or 0), params=params) for n, params in enumerate(trials())]
    more = [
        trial(60, state="PRUNED", params={"x": 0.9, "y": 0.1}),
        trial(61, 1.0, params={"x": 0.0, "y": 0.5}, failure=Failure.DIVERGED),
        trial(62, None, params={"x": 0.0, "y": 0.5}),
        trial(63, float("inf"), params={"x": 0.0, "y": 0.5}),
    ]
    assert importances(study(*scored, *more, dimensions=(X, Y))) == importances(study(*scored, dimensions=(X, Y)))


def test_a_conditional_hyperparameter_has_its_share() -> None:
    found = []
    for number, params in enumerate(trials(80)):
        active: dict[str, Scalar] = {"kind": "with", "x": params["x"]} if number % 2 else {"kind": "without"}
        value = float(active.get("x") or 0.2)
        found.append(trial(number, value, params=active))
    shares = importances(study(*found, dimensions=(KIND, X)))
    assert set(shares) == {"kind", "x"}
    assert shares["x"] > shares["kind"] / 10 > 0


def test_a_value_outside_its_range_is_left_out_and_stops_nothing() -> None:
    scored = [trial(n, float(params["x"] or 0), params=params) for n, params in enumerate(trials())]
    stray = trial(60, 0.5, params={"x": 7.0, "y": 0.5})
    assert set(importances(study(*scored, stray, dimensions=(X, Y)))) == {"x", "y"}


@pytest.mark.parametrize(
    "found",
    [
        (),
        (trial(0, 0.5, params={"x": 0.1}),),
        tuple(trial(n, 0.5, params={"x": n / 20}) for n in range(20)),
        tuple(trial(n, n / 20, params={}) for n in range(20)),
        tuple(trial(n, None, params={"x": n / 20}) for n in range(20)),
    ],
)
def test_where_nothing_can_be_told_the_answer_is_empty(found: tuple[object, ...]) -> None:
    assert importances(study(*found, dimensions=(X,))) == {}  # type: ignore[arg-type]


def test_optunas_verbosity_is_as_it_was() -> None:
    before = optuna.logging.get_verbosity()
    importances(study(trial(0, 0.1, params={"x": 0.1}), trial(1, 0.2, params={"x": 0.9})))
    assert optuna.logging.get_verbosity() == before
