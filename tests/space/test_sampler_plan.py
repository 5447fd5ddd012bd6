"""What a study file says of its samplers, in one canonical form."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from hpsearch import registry
from hpsearch.errors import InputError
from hpsearch.space.load import dump_study, parse_study
from hpsearch.space.sampler_plan import options_of, parse_plan
from hpsearch.space.study_file import StudyFile, differences

STUDY = (
    "name: s\ndata: digits\nhyperparameters: {{depth: [1, 2, 3], width: [8, 16]}}\n"
    "search: {{sampler: {}, trials: {}}}\n"
)


def study(sampler: Any, trials: int = 20, *overrides: str) -> StudyFile:
    return parse_study(STUDY.format(json.dumps(sampler), trials), file="s.yaml", overrides=overrides)


@pytest.mark.parametrize(
    ("raw", "canonical", "said"),
    [
        ("tpe", "tpe", "tpe"),
        ({"name": "tpe"}, "tpe", "tpe"),
        ({"name": "tpe", "n_startup_trials": 10}, "tpe", "tpe"),
        (["tpe"], "tpe", "tpe"),
        (
            {"multivariate": False, "n_startup_trials": 20, "name": "tpe"},
            {"name": "tpe", "n_startup_trials": 20, "multivariate": False},
            "tpe (n_startup_trials 20, multivariate False)",
        ),
        (
            [{"name": "qmc", "trials": 30, "sequence": "halton"}, {"name": "random", "trials": 2.0}, "tpe"],
            [{"name": "qmc", "trials": 30, "sequence": "halton"}, {"name": "random", "trials": 2}, "tpe"],
            "30 × qmc (sequence halton), then 2 × random, then tpe",
        ),
    ],
)
def test_a_plan_has_one_form_whichever_way_it_is_written(raw: Any, canonical: Any, said: str) -> None:
    file = study(raw)
    assert file.to_dict()["search"]["sampler"] == canonical
    assert str(file.search.sampler) == said
    assert parse_study(dump_study(file), file="again") == file
    assert StudyFile.model_validate(json.loads(json.dumps(file.to_dict()))) == file
    assert parse_plan(file.search.sampler) is file.search.sampler


def test_a_stored_study_with_a_plain_name_is_the_same_search() -> None:
    stored = study("tpe").to_dict()
    assert stored["search"]["sampler"] == "tpe"
    again = StudyFile.model_validate(stored)
    assert differences(again.identity(), study({"name": "tpe", "n_ei_candidates": 24}).identity()) == []
    changed = differences(again.identity(), study({"name": "tpe", "n_startup_trials": 20}).identity())
    assert [line.partition(":")[0] for line in changed] == ["search.sampler"]


def test_parts_begin_where_the_ones_before_them_end() -> None:
    plan = parse_plan([{"name": "qmc", "trials": 30}, {"name": "random", "trials": 5}, "tpe"])
    assert plan.starts == (0, 30, 35)
    assert parse_plan("grid").starts == (0,)


def test_options_can_be_set_from_the_command_line() -> None:
    assert str(study("tpe", 20, "search.sampler.n_startup_trials=3").search.sampler) == "tpe (n_startup_trials 3)"
    assert (
        str(study("tpe", 20, "search.sampler={name: qmc, sequence: halton}").search.sampler) == "qmc (sequence halton)"
    )
    assert str(study({"name": "tpe", "n_startup_trials": 3}, 20, "search.sampler=gp").search.sampler) == "gp"
    with pytest.raises(InputError, match=r"--set search\.sampler\.seqence=halton: .*did you mean 'sequence'"):
        study("qmc", 20, "search.sampler.seqence=halton")


def test_a_grid_ends_a_study_only_where_it_is_the_last_part() -> None:
    assert study("grid", 100).total == 6
    assert study([{"name": "random", "trials": 10}, "grid"], 100).total == 16
    assert study([{"name": "random", "trials": 10}, "grid"], 12).total == 12
    assert study([{"name": "grid", "trials": 6}, "tpe"], 100).total == 100
    with pytest.raises(InputError, match=r"has 6 cells, fewer than its 7 trials"):
        study([{"name": "grid", "trials": 7}, "tpe"], 100).total  # noqa: B018


@pytest.mark.parametrize("name", registry.names("sampler"))
def test_every_option_and_its_default_is_in_the_reference(name: str) -> None:
    reference = (Path(__file__).parents[2] / "docs" / "study-file.md").read_text(encoding="utf-8")
    told = dict(re.findall(rf"^\| `{name}`: `(\w+)` \| [^|]+ \| `?([^|`]+)`? \|", reference, re.MULTILINE))
    defaults = options_of(registry.load("sampler", name))().model_dump(mode="json")
    words = {None: "none", True: "true", False: "false"}
    assert told == {option: str(words.get(value, value)) for option, value in defaults.items()}
