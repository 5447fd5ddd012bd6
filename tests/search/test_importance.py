from __future__ import annotations

import random
import subprocess
import sys
import warnings
from typing import Literal

import optuna
import pytest

from hpsearch.events import Failure, Scalar
from hpsearch.search.distributions import distribution
from hpsearch.search.importance import importances, intervals
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


MIXED = (
    Dimension("log", low=1e-4, high=1.0, log=True), Dimension("whole", low=1, high=1024, log=True, integer=True),
    Dimension("stepped", low=0.0, high=1.0, step=0.25), Dimension("wide", low=3, high=200, integer=True),
    Dimension("kind", options=("with", "without", None)), Dimension("x", low=0.0, high=1.0),
)  # fmt: skip


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
@pytest.mark.parametrize("count", [3, 30, 300])
def test_every_kind_of_hyperparameter_has_the_share_that_optuna_gives_it(
    direction: Literal["maximize", "minimize"], count: int
) -> None:
    generator = random.Random(count)
    found = []
    for number in range(count):
        params: dict[str, Scalar] = {
            "log": 10 ** generator.uniform(-4, 0), "whole": generator.randint(1, 1024),
            "stepped": 0.25 * generator.randint(0, 4), "wide": generator.randint(3, 200),
            "kind": generator.choice(("with", "without", None)),
        }  # fmt: skip
        if params["kind"] == "with":
            params["x"] = generator.random()
        value = round(generator.random() + float(params["log"] or 0), 1)  # with ties
        found.append(trial(number, value, params=params))
    own = optuna.create_study(direction=direction)
    ranges = {dimension.name: distribution(dimension) for dimension in MIXED}
    for one in found:
        used = {name: ranges[name] for name in one.params}
        own.add_trial(optuna.trial.create_trial(params=dict(one.params), distributions=used, value=one.value))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        raw = optuna.importance.PedAnovaImportanceEvaluator().evaluate(own)
    total = sum(raw.values())
    shares = importances(study(*found, dimensions=MIXED, direction=direction))
    assert shares == pytest.approx({name: share / total for name, share in raw.items()}, abs=1e-12)


def test_intervals_hold_the_truth_of_a_clear_case_and_are_the_same_each_time() -> None:
    scored = [trial(n, float(params["x"] or 0), params=params) for n, params in enumerate(trials(200))]
    record = study(*scored, dimensions=(X, Y))
    found = intervals(record)
    assert found == intervals(record)
    assert found["y"][1] < 0.5 < found["x"][0]
    assert intervals(study(dimensions=(X,))) == {}


def test_no_scikit_learn_is_imported_for_it() -> None:
    code = "import sys, hpsearch.search.importance, hpsearch.reports.page; print('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
