"""The law of the same search again, over every sampler and every pruner; trials take no time here."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys

import pytest
from optuna.storages import InMemoryStorage

from hpsearch import registry
from tests.contracts.searches import SAMPLERS, SEARCHES, fake, open_study, study_text


@pytest.mark.parametrize(("sampler", "pruner"), SEARCHES)
def test_a_search_is_the_same_whatever_the_timing_and_however_often_it_dies(sampler: str, pruner: str) -> None:
    text = study_text(sampler, pruner)
    expected = fake(text)
    assert len(expected) == 12
    assert fake(text, random.Random(1)) == expected
    timing = random.Random(2)
    deaths = iter([timing.randint(3, 20) for _ in range(6)])
    assert fake(text, timing, deaths) == expected
    assert next(deaths, None) is None, "it never died so often"


@pytest.mark.parametrize(("sampler", "pruner"), SEARCHES)
def test_every_trial_has_exactly_the_active_values_of_their_types_and_within_bounds(sampler: str, pruner: str) -> None:
    text = study_text(sampler, pruner)
    study = open_study(InMemoryStorage(), text)
    space = study.space
    kinds = {"depth": int, "width": int, "optimizer": str, "momentum": float, "learning_rate": float, "dropout": float}
    for trial in fake(text):
        params = trial[3]
        assert {name for name in space.searched if space.active(name, params)} == set(params)
        for name, value in params.items():
            assert type(value) is kinds[name], (name, value)
            distribution = study._distributions[name]
            assert distribution._contains(distribution.to_internal_repr(value)), (name, value)


def test_another_process_with_another_hash_seed_gives_the_same_searches() -> None:
    code = "from tests.contracts.searches import everything; everything(print)"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONHASHSEED": seed, "OMP_NUM_THREADS": "1"},
        )
        for seed in ("1", "2")
    ]  # fmt: skip
    one, other = (process.communicate(timeout=300)[0].splitlines() for process in processes)
    assert one == other
    assert [json.loads(line)[:2] for line in one if line.startswith("[")] == [list(search) for search in SEARCHES]
    told = {(sampler, pruner): found for sampler, pruner, found in map(json.loads, one)}
    assert told["sequence", "asha"] == repr(fake(study_text("sequence", "asha")))


@pytest.mark.parametrize("sampler", sorted(SAMPLERS.keys() - {"grid"}))
def test_another_seed_gives_another_search(sampler: str) -> None:
    text = study_text(sampler, "none", trials=6)
    assert fake(text)[0][3] != fake(text.replace("seed: 2", "seed: 3"))[0][3]


def test_samplers_differ() -> None:
    found = {name: repr([trial[3] for trial in fake(study_text(name, "none"))]) for name in SAMPLERS}
    assert len(set(found.values())) == len(found)
    assert set(registry.names("sampler")) < set(found)
