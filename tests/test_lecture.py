"""The guide's table of the lecture is whole: every piece has a key that exists, and a test that exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hpsearch import registry
from hpsearch.space.objectives import Objective
from hpsearch.space.study_file import Data, Search

ROOT = Path(__file__).parents[1]
SECTION = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8").partition("## The lecture, piece by piece\n")[2]
ROWS = [
    tuple(cell.strip() for cell in row.strip("|").split(" | "))
    for row in re.findall(r"^\|.*\|$", SECTION.partition("\n## ")[0], re.MULTILINE)
    if not row.startswith(("| piece", "|---"))
]
KEYS = {
    *(name for table in registry.TABLES.values() for name in table),
    *(f"data.{key}" for key in Data.model_fields),
    *(f"search.{key}" for key in Search.model_fields),
    *(f"objective.{key}" for key in Objective.model_fields),
    "log: true",
}
#: What a study can be made of; a metric or a figure is looked at, not switched on.
SWITCHES = ("task", "model", "activation", "initialization", "optimizer", "lr_decay", "augmentation", "hyperparameters")


def test_no_row_is_empty() -> None:
    assert len(ROWS) > 40
    assert all(len(row) == 3 and all(row) for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_piece_has_keys_and_a_test(row: tuple[str, str, str]) -> None:
    _, keys, test = row
    named = re.findall(r"`([^`]+)`", keys)
    assert named or keys in ("every run", "every trial")
    assert set(named) <= KEYS
    path, _, function = test.strip("`").partition("::")
    text = (ROOT / path).read_text(encoding="utf-8")
    assert f"\ndef {function}(" in text


@pytest.mark.parametrize("table", SWITCHES)
def test_whatever_can_be_switched_on_is_in_the_table(table: str) -> None:
    named = {name for _, keys, _ in ROWS for name in re.findall(r"`([^`]+)`", keys)}
    apart = {"none", "step", "exponential", "learning_rate", "optimizer", "initialization", "epochs"}
    apart |= {"relu", "leaky_relu", "sigmoid", "tanh"}  # by the key `activation`
    assert set(registry.names(table)) - apart <= named
