"""Contracts that run over every registered sampler and pruner."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from typing import Any, Literal

import optuna
import pytest
from optuna.trial import FrozenTrial, TrialState, create_trial

from hpsearch import registry
from hpsearch.search.dimensions import dimensions
from hpsearch.search.distributions import distribution
from hpsearch.search.past import Past
from hpsearch.search.pruners import Pruner
from hpsearch.search.samplers import Sampler
from hpsearch.search.seeds import sampler_seed, trial_seed
from hpsearch.space.grid import cells
from hpsearch.space.hyperparameters import Space
from hpsearch.space.load import parse_study

Direction = Literal["maximize", "minimize"]

STUDY = """
name: s
data: digits
hyperparameters:
  depth: {low: 1, high: 3}
  optimizer: [momentum, rmsprop, adam]
  momentum: {low: 0.5, high: 0.9, points: 3, when: {optimizer: momentum}}
  rmsprop_beta: {low: 0.8, high: 0.9, step: 0.05, when: {optimizer: rmsprop}}
  learning_rate: {low: 1e-4, high: 1e-1, log: true, points: 4}
  batch_norm: [true, false]
  l1: [0.001]
  epochs: 3
"""


def space() -> Space:
    return parse_study(STUDY, file="s.yaml").space


def proposals(name: str, count: int, seed: int = 0) -> list[dict[str, Any]]:
    """What a sampler proposes one after another; each proposal is told with a value made of its own values."""
    searched = space()
    distributions = {d.name: distribution(d) for d in dimensions(searched)}
    sampler: Sampler = registry.load("sampler", name)(searched, distributions, seed)
    study = optuna.create_study(study_name="s")
    made = []
    for number in range(count):
        proposed = sampler.propose(Past(study._storage, "s"), number)
        if proposed is None:
            break
        made.append(dict(proposed))
        own = {n: distributions[n] for n in proposed}
        state = TrialState.RUNNING if number % 5 == 4 else TrialState.COMPLETE
        value = None if state == TrialState.RUNNING else float(proposed["depth"] or 0) + float(number % 3)
        study.add_trial(create_trial(params=dict(proposed), distributions=own, state=state, value=value))
    return made


@pytest.mark.parametrize("name", registry.names("sampler"))
def test_a_proposal_has_exactly_the_active_values_within_their_bounds(name: str) -> None:
    searched = space()
    distributions = {d.name: distribution(d) for d in dimensions(searched)}
    for proposed in proposals(name, 40):
        assert {n for n in searched.searched if searched.active(n, proposed)} == set(proposed)
        for key, value in proposed.items():
            assert distributions[key]._contains(distributions[key].to_internal_repr(value))


@pytest.mark.parametrize("name", registry.names("sampler"))
def test_the_same_seed_proposes_the_same_in_another_process(name: str) -> None:
    code = f"import json; from tests.search.test_samplers import proposals; print(json.dumps(proposals({name!r}, 30)))"
    told = [
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
        ).stdout.splitlines()[-1]
        for hash_seed in ("1", "2")
    ]
    assert json.loads(told[0]) == json.loads(told[1]) == proposals(name, 30)


@pytest.mark.parametrize("name", ["random", "tpe"])
def test_another_seed_proposes_otherwise(name: str) -> None:
    assert proposals(name, 5, seed=0) != proposals(name, 5, seed=1)


def test_the_grid_has_every_cell_once_and_stacks_stand_together() -> None:
    made = proposals("grid", 10_000)
    key = [tuple(sorted((k, repr(v)) for k, v in cell.items())) for cell in made]
    assert len(set(key)) == len(key)
    assert sorted(key) == sorted(tuple(sorted((k, repr(v)) for k, v in cell.items())) for cell in cells(space()))
    structures = [(cell["depth"], cell["batch_norm"]) for cell in made]
    changes = sum(one != other for one, other in pairwise(structures))
    assert changes == len(set(structures)) - 1


def test_tpe_learns_where_values_are_good() -> None:
    searched = parse_study(
        "{name: s, data: digits, hyperparameters: {learning_rate: {low: 0.0001, high: 0.1}, epochs: 1}}", file="s"
    ).space
    distributions = {d.name: distribution(d) for d in dimensions(searched)}
    sampler: Sampler = registry.load("sampler", "tpe")(searched, distributions, 0)
    study = optuna.create_study(study_name="s")
    rates = []
    for number in range(60):
        proposed = sampler.propose(Past(study._storage, "s"), number)
        assert proposed is not None
        rate = float(proposed["learning_rate"] or 0)
        rates.append(rate)
        study.add_trial(create_trial(params=dict(proposed), distributions=distributions, value=abs(rate - 0.03)))
    early, late = rates[:10], rates[-20:]
    assert sum(abs(r - 0.03) for r in late) / 20 < 0.6 * sum(abs(r - 0.03) for r in early) / 10


def test_seeds_are_a_function_of_study_and_number_and_differ() -> None:
    seeds = {trial_seed(study, number) for study in range(20) for number in range(200)}
    assert len(seeds) == 4000
    assert all(0 <= seed < 2**53 for seed in seeds)
    assert len({sampler_seed(0, number) for number in range(2000)}) == 2000


@pytest.mark.parametrize("name", registry.names("pruner"))
@pytest.mark.parametrize("epochs", [1, 2, 3, 10, 28])
def test_a_pruner_decides_between_the_first_and_the_last_epoch(name: str, epochs: int) -> None:
    decisions = registry.load("pruner", name)(0).decisions(5, epochs)
    assert decisions == sorted(set(decisions))
    assert all(1 <= epoch < epochs for epoch in decisions)


def study_with(values: list[float], direction: Direction, epoch: int) -> tuple[Past, FrozenTrial]:
    """Trials that reported a value at an epoch, the last of them under way."""
    study = optuna.create_study(direction=direction)
    for value in values[:-1]:
        study.add_trial(create_trial(value=value, intermediate_values={epoch: value}))
    study.add_trial(create_trial(state=TrialState.RUNNING, intermediate_values={epoch: values[-1]}))
    return Past(study._storage, study.study_name), study.trials[-1]


@pytest.mark.parametrize("name", ["median", "asha", "hyperband"])
@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_a_pruner_stops_the_worst_and_never_the_best(name: str, direction: Direction) -> None:
    pruner: Pruner = registry.load("pruner", name)(0)
    others = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    low = pruner.prunes(*study_with([*others, 0.0], direction, 3), epoch=3)
    high = pruner.prunes(*study_with([*others, 0.9], direction, 3), epoch=3)
    assert (low, high) == ((True, False) if direction == "maximize" else (False, True))


def test_asha_keeps_the_best_third_of_those_that_came_to_a_rung() -> None:
    pruner: Pruner = registry.load("pruner", "asha")(0)
    assert pruner.decisions(0, 30) == [1, 3, 9, 27]
    kept = [value for value in range(9) if not pruner.prunes(*study_with([*range(9), value + 0.5], "maximize", 1), 1)]
    # Ten stand at the rung; the three best go on: a newcomer at 6.5 is third, one at 5.5 is not.
    assert kept == [6, 7, 8]
    assert not pruner.prunes(*study_with([0.0], "maximize", 1), 1)


def test_asha_decides_as_optunas_successive_halving_does() -> None:
    import random

    rng = random.Random(0)
    theirs = optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=3)
    ours: Pruner = registry.load("pruner", "asha")(0)
    study = optuna.create_study(direction="maximize", pruner=theirs)
    for _ in range(60):
        trial = study.ask()
        for epoch in range(1, 28):
            trial.report(rng.random(), epoch)
            expected = trial.should_prune()
            frozen = study.trials[trial.number]
            if epoch in ours.decisions(trial.number, 28):
                assert ours.prunes(Past(study._storage, study.study_name), frozen, epoch) == expected
            if expected:
                study.tell(trial, state=TrialState.PRUNED)
                break
        else:
            study.tell(trial, rng.random())


def test_hyperbands_brackets_are_those_of_the_paper() -> None:
    pruner: Pruner = registry.load("pruner", "hyperband")(0)
    drawn = Counter(tuple(pruner.decisions(number, 81)) for number in range(14_300))
    # Li et al., table 1: n_s = 81, 34, 15, 8, 5 for R = 81 and a factor of 3.
    expected = {(1, 3, 9, 27): 81, (3, 9, 27): 34, (9, 27): 15, (27,): 8, (): 5}
    assert set(drawn) == set(expected)
    for bracket, share in expected.items():
        assert drawn[bracket] == pytest.approx(100 * share, rel=0.15)
    assert {tuple(pruner.decisions(number, 20)) for number in range(100)} == {(2, 7), (7,), ()}
    assert {tuple(pruner.decisions(number, 2)) for number in range(100)} == {()}


def test_a_hyperband_bracket_is_a_function_of_seed_and_number() -> None:
    one, again, other = (registry.load("pruner", "hyperband")(seed) for seed in (0, 0, 1))
    brackets = [[pruner.decisions(number, 27) for number in range(200)] for pruner in (one, again, other)]
    assert brackets[0] == brackets[1] != brackets[2]


def test_hyperband_compares_within_a_bracket_only() -> None:
    study = optuna.create_study(direction="maximize")
    for value in (0.7, 0.8, 0.9):
        study.add_trial(create_trial(value=value, intermediate_values={1: 0.0, 3: value}))
    for value in (0.1, 0.2, 0.3):
        study.add_trial(create_trial(state=TrialState.RUNNING, intermediate_values={3: value}))
    past = Past(study._storage, study.study_name)
    pruner: Pruner = registry.load("pruner", "hyperband")(0)
    assert [pruner.prunes(past, trial, 3) for trial in past.by_number[3:]] == [True, True, False]
