"""Cohorts: trials in a row share their structural values, and the search stays the same again."""

from __future__ import annotations

import contextlib
import random
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.storages import InMemoryStorage
from optuna.trial import create_trial

from hpsearch.errors import InputError
from hpsearch.events import Scalar
from hpsearch.search.dimensions import dimensions
from hpsearch.search.distributions import distribution
from hpsearch.search.past import Past
from hpsearch.search.records import StudyRecord
from hpsearch.search.samplers import Sampler, Tpe, structural
from hpsearch.search.study import SearchStudy
from hpsearch.space.load import parse_study
from tests.fakes import FakeExecutor, FakeRecord, KilledError
from tests.test_run import MortalStorage, outcome, run

STRUCTURE = (
    "hyperparameters.depth={low: 1, high: 3}",
    "hyperparameters.width=[32, 64]",
    "hyperparameters.activation=[relu, leaky_relu]",
    "hyperparameters.leaky_slope={low: 0.01, high: 0.3, when: {activation: leaky_relu}}",
)


def searched(cohort: int | str, *, timing: random.Random | None = None, **settings: Any) -> StudyRecord:
    storage, executor = InMemoryStorage(), FakeExecutor(timing, diverges=0.05)
    return run(storage, executor, FakeRecord(), *STRUCTURE, f"search.cohort={cohort}", **{"trials": 50, **settings})


@pytest.mark.parametrize("sampler", ["random", "tpe"])
@pytest.mark.parametrize("pruner", ["none", "asha"])
def test_a_cohort_shares_its_structure_and_nothing_else(sampler: str, pruner: str) -> None:
    record = searched(4, sampler=sampler, pruner=pruner)
    shared = {"depth", "width", "activation", "leaky_slope"}
    structures = [{name: v for name, v in trial.params.items() if name in shared} for trial in record.trials]
    for number, structure in enumerate(structures):
        assert structure == structures[number - number % 4]
        assert ("leaky_slope" in structure) == (structure["activation"] == "leaky_relu")
    assert len({repr(structure) for structure in structures}) > 4
    assert len({trial.params["learning_rate"] for trial in record.trials}) == 50


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_no_timing_changes_a_search_in_cohorts(sampler: str) -> None:
    expected = outcome(searched(4, sampler=sampler))
    for seed in range(3):
        assert outcome(searched(4, sampler=sampler, timing=random.Random(seed))) == expected


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_a_search_in_cohorts_goes_on_where_it_was(sampler: str) -> None:
    expected = outcome(searched(4, sampler=sampler, slots=1))
    storage, record = InMemoryStorage(), FakeRecord()
    for trials in (6, 7, 31, 50):
        settings = {"sampler": sampler, "slots": 1, "trials": trials}
        result = run(storage, FakeExecutor(diverges=0.05), record, *STRUCTURE, "search.cohort=4", **settings)
    assert outcome(result) == expected


def test_a_search_in_cohorts_that_is_killed_ends_as_if_it_had_not_been() -> None:
    settings: dict[str, Any] = {"sampler": "tpe", "pruner": "asha", "trials": 16, "slots": 4}
    expected = outcome(searched(4, **settings))
    for life in range(1, 70, 4):
        storage, record = MortalStorage(), FakeRecord()
        storage.lives, storage.after = life, life % 8 == 1
        overrides = (*STRUCTURE, "search.cohort=4")
        with contextlib.suppress(KilledError):
            run(storage, FakeExecutor(random.Random(life), diverges=0.05), record, *overrides, **settings)
        storage.lives = float("inf")
        result = run(storage, FakeExecutor(diverges=0.05), record, *overrides, **settings)
        assert outcome(result) == expected


def test_a_grid_has_no_cohorts() -> None:
    assert outcome(searched(4, sampler="grid")) == outcome(searched(1, sampler="grid"))


def test_a_cohort_of_one_is_none() -> None:
    assert outcome(searched(1)) == outcome(searched("auto"))


def test_a_study_from_before_cohorts_goes_on_without_them() -> None:
    text = "{name: s, data: digits, hyperparameters: {depth: [1, 2], learning_rate: {low: 0.1, high: 1}}}"
    storage = InMemoryStorage()
    SearchStudy(storage, parse_study(text, file="s"), text)
    (stored,) = storage.get_all_studies()
    facts = stored.user_attrs["hpsearch"]
    del facts["file"]["search"]["cohort"]
    storage.set_study_user_attr(stored._study_id, "hpsearch", facts)
    SearchStudy(storage, parse_study(text, file="s"), text)
    SearchStudy(storage, parse_study(text, file="s", overrides=["search.cohort=1"]), text)
    with pytest.raises(InputError, match=r"search\.cohort: 1 → 2"):
        SearchStudy(storage, parse_study(text, file="s", overrides=["search.cohort=2"]), text)


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_a_structural_value_that_the_first_had_not_is_proposed(sampler: str) -> None:
    text = """{name: s, data: digits, hyperparameters: {optimizer: [sgd, adam],
        width: {options: [32, 64], when: {optimizer: adam}}, depth: [1, 2]}, search: {sampler: %s}}"""
    file = parse_study(text % sampler, file="s")
    study = SearchStudy(InMemoryStorage(), file, text)

    def proposed(given: dict[str, Scalar]) -> list[dict[str, Scalar]]:
        return [next(study.sampler.proposals(study._past, number, given)) for number in range(40)]

    proposals = proposed({"depth": 2})
    assert all(one["depth"] == 2 for one in proposals)
    assert {one.get("width") for one in proposals} == {None, 32, 64}
    absent = proposed({"width": 32, "depth": 2})
    assert {one.get("width") for one in absent} == {None, 32}
    assert structural(file.space) == ("width", "depth")


@pytest.mark.parametrize("worse", [0.0, 0.05])
def test_tpe_proposes_what_goes_with_the_given_structure(worse: float) -> None:
    """Also where hardly a trial of that structure is among the good ones."""
    space = parse_study(
        "{name: s, data: digits, hyperparameters: {depth: [1, 2], dropout: {low: 0, high: 0.9}}}", file="s"
    ).space
    distributions = {d.name: distribution(d) for d in dimensions(space)}
    study = optuna.create_study(study_name="s")
    rng = random.Random(0)
    for _ in range(200):
        depth, dropout = rng.choice([1, 2]), rng.uniform(0, 0.9)
        value = abs(dropout - (0.2 if depth == 1 else 0.7)) + worse * (depth == 2)
        study.add_trial(
            create_trial(params={"depth": depth, "dropout": dropout}, distributions=distributions, value=value)
        )
    sampler: Sampler = Tpe(space, distributions, 0)
    past = Past(study._storage, "s")
    for depth, wanted in ((1, 0.2), (2, 0.7)):
        proposals = [sampler.propose(past, number, {"depth": depth}) for number in range(200, 230)]
        assert {proposed["depth"] for proposed in proposals if proposed} == {depth}
        assert np.median([float(p["dropout"] or 0) for p in proposals if p]) == pytest.approx(wanted, abs=0.1)
