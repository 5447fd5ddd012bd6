"""The reference of the study file keeps up with the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from hpsearch import registry
from hpsearch.declarations import Hyperparameter
from hpsearch.space.load import load_study, parse_study
from hpsearch.space.objectives import Objective
from hpsearch.space.split import Split
from hpsearch.space.study_file import Data, Execution, Search, StudyFile, Training

REFERENCE = (Path(__file__).parents[2] / "docs" / "study-file.md").read_text(encoding="utf-8")
SECTIONS: dict[str, type[BaseModel]] = {
    "Top level": StudyFile,
    "data": Data,
    "training": Training,
    "objective": Objective,
    "search": Search,
    "execution": Execution,
}
TABLES = sorted({*registry.TABLES} - {"hyperparameters", "figure", "comparison"})  # a study file names no figures


def rows(section: str) -> dict[str, list[str]]:
    """The rows of a section's last table: name → the other columns."""
    text = REFERENCE.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    found = re.findall(r"^\| `([a-z0-9_]+)` \|(.*)\|$", text, re.MULTILINE)
    return {name: [column.strip() for column in rest.split(" | ")] for name, rest in found}


@pytest.mark.parametrize("section", SECTIONS)
def test_every_key_of_a_section_has_its_row_and_no_other(section: str) -> None:
    assert list(rows(section)) == [f.alias or name for name, f in SECTIONS[section].model_fields.items()]


@pytest.mark.parametrize("section", SECTIONS)
def test_required_keys_and_plain_defaults_are_told(section: str) -> None:
    for name, field in SECTIONS[section].model_fields.items():
        told = rows(section)[field.alias or name][1].strip("`")
        if field.is_required():
            assert told == "required"
        elif isinstance(field.default, str | int):
            assert told == (str(field.default).lower() if isinstance(field.default, bool) else str(field.default))


def test_the_parts_of_the_split_are_told() -> None:
    assert all(f"`{part}`" in REFERENCE for part in Split.model_fields)


def test_every_hyperparameter_has_its_row_with_its_default() -> None:
    table = rows("hyperparameters")
    assert list(table) == registry.names("hyperparameters")
    for name, (kind, _, default, _) in table.items():
        declared = registry.load("hyperparameters", name)
        assert isinstance(declared, Hyperparameter)
        assert yaml.safe_load(default.strip("`")) == declared.default
        kinds = {"whole number": "int", "number": "float", "true or false": "bool", "name": "choice"}
        assert kinds[kind.partition(",")[0]] == declared.kind
        assert re.findall(r"`([a-z]+)`", kind) == list(declared.words)


@pytest.mark.parametrize("table", TABLES)
def test_every_name_that_a_study_file_may_use_is_told(table: str) -> None:
    assert [name for name in registry.names(table) if f"`{name}`" not in REFERENCE] == []


def test_the_examples_are_valid() -> None:
    first, conditional, *several = re.findall(r"```yaml\n(.*?)```", REFERENCE, re.DOTALL)
    weighing = next(one for one in several if "objective" in one)
    enqueued = next(one for one in several if "enqueue" in one)
    study = parse_study(first, file="first.yaml")
    assert study.space.searched == ("learning_rate", "width")
    indented = "".join(f"  {line}\n" for line in conditional.splitlines())
    again = parse_study(f"name: s\ndata: digits\nhyperparameters:\n{indented}", file="second.yaml")
    assert again.space.searched == ("lr_decay", "decay_rate")
    weighed = parse_study(f"name: s\ndata: digits\nhyperparameters: {{depth: 2}}\n{weighing}", file="third.yaml")
    assert [objective.metric for objective in weighed.objectives] == ["dev_accuracy", "parameters"]
    searched = "{learning_rate: {low: 0.001, high: 1}, width: [128], optimizer: [adam]}"
    text = f"name: s\ndata: digits\nhyperparameters: {searched}\n{enqueued}"
    with_rows = parse_study(text, file="fourth.yaml")
    assert [dict(queued.given) for queued in with_rows.queue] == [
        {"learning_rate": 0.01, "optimizer": "adam"},
        {"width": 128},
    ]


def test_the_packaged_names_are_told_and_load() -> None:
    for name in ("digits_mlp", "digits_grid", "digits_random"):
        assert f"`{name}`" in REFERENCE
        assert load_study(name).name
