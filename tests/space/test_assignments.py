"""Assignments that a user gives, as text and as CSV; and the counting of spaces."""

from __future__ import annotations

import contextlib
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpsearch.errors import InputError
from hpsearch.space.assignments import checked_assignment, fitting, holds, key, whole
from hpsearch.space.csv_rows import read_rows
from hpsearch.space.grid import beside, cells, count, size
from hpsearch.space.hyperparameters import Space
from hpsearch.space.load import parse_study
from hpsearch.space.problems import ProblemsError

TEXT = """
name: s
data: digits
hyperparameters:
  depth: {low: 1, high: 3}
  optimizer: [momentum, adam]
  momentum: {low: 0.5, high: 0.9, step: 0.1, when: {optimizer: momentum}}
  learning_rate: {low: 1e-4, high: 1e-1, log: true, points: 4}
  batch_size: [full, 32]
  epochs: 3
"""


def space(*overrides: str) -> Space:
    return parse_study(TEXT, file="s.yaml", overrides=overrides).space


def test_values_get_their_declared_types_and_the_spaces_order() -> None:
    found = checked_assignment(space(), {"learning_rate": 0.1, "depth": 2.0, "batch_size": "full", "epochs": 3})
    assert repr(found) == "{'depth': 2, 'learning_rate': 0.1, 'batch_size': 'full'}"


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({}, "is empty"),
        ([], "must be a mapping"),
        ({"depth": 4}, "is never 4 in this study"),
        ({"depth": 1.5}, "must be a whole number"),
        ({"lr": 1}, "the study sets no such hyperparameter"),
        ({"width": 64}, "the study sets no such hyperparameter"),
        ({"epochs": 4}, "is fixed to 3 in this study, and not 4"),
        ({"batch_size": 64}, "is never 64 in this study"),
        ({"optimizer": "adem"}, "there is no optimizer 'adem'"),
        ({"optimizer": "sgd"}, "is never 'sgd' in this study"),
        ({"momentum": 0.5}, "needs a value of optimizer beside it"),
        ({"optimizer": "adam", "momentum": 0.5}, "cannot stand beside optimizer 'adam'"),
        ({"optimizer": "momentum", "momentum": 0.55}, "is never 0.55 in this study"),
        ({"learning_rate": 0}, "must be above 0"),
        ({"learning_rate": "0.1"}, "must be a number"),
    ],
    ids=repr,
)
def test_what_is_not_of_the_space_is_told(raw: object, said: str) -> None:
    with pytest.raises(ProblemsError, match=said):
        checked_assignment(space(), raw)


@given(st.data())
def test_every_cell_is_whole_fits_and_is_held(data: st.DataObject) -> None:
    searched = space()
    cell = data.draw(st.sampled_from(list(cells(searched))))
    assert checked_assignment(searched, cell) == whole(searched, cell) == fitting(searched, cell) == cell
    assert holds(searched, searched.complete(cell))
    assert not holds(space("hyperparameters.epochs=4"), searched.complete(cell))
    assert key(cell) == key(dict(reversed(cell.items())))
    without = {name: value for name, value in cell.items() if name != "depth"}
    assert whole(searched, without) is None
    assert fitting(space("hyperparameters.depth={low: 7, high: 9}"), cell) == without


def test_what_depends_on_a_value_that_does_not_fit_does_not_fit() -> None:
    only_adam = space("hyperparameters.optimizer=adam")
    assert fitting(only_adam, {"optimizer": "momentum", "momentum": 0.5, "depth": 1}) == {"depth": 1}


def test_keys_forgive_what_steps_round_and_nothing_more() -> None:
    assert key({"momentum": 0.1 + 0.2}) == key({"momentum": 0.3})
    assert key({"learning_rate": 0.1}) != key({"learning_rate": 0.1000001})
    assert key({"depth": 1}) != key({"depth": 1, "width": 2})


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ((), math.inf),
        (("hyperparameters.learning_rate=0.1",), 3 * (5 + 1) * 2),
        (("hyperparameters.learning_rate={low: 0.1, high: 0.1}",), 3 * (5 + 1) * 2),
        (("hyperparameters.learning_rate={low: 0.1, high: 0.3, step: 0.1}", "hyperparameters.depth=1"), 6 * 2 * 3),
        (("hyperparameters.learning_rate=0.1", "hyperparameters.depth={low: 1, high: 100, points: 3}"), 1200),
        (("hyperparameters.learning_rate={low: 0.1, high: 0.5, when: {optimizer: sgd}}",
          "hyperparameters.optimizer=adam"), 3 * 2),
    ],
)  # fmt: skip
def test_the_size_of_a_space_counts_what_a_grid_leaves_out_too(overrides: tuple[str, ...], expected: float) -> None:
    assert size(space(*overrides)) == expected


def test_what_stands_beside_a_grid() -> None:
    searched = space()
    every = list(cells(searched))
    assert beside(searched, every) == 0
    assert beside(searched, [every[0], every[0]]) == 1
    assert beside(searched, [{"learning_rate": 0.05}, {"learning_rate": 0.1}]) == 1
    assert beside(searched, [{"depth": 1}] * (count(searched) // 3 + 2)) == 2


CSV: dict[str, Any] = {
    "depth,optimizer\n1,adam\n\n 2 ,\n": [(2, {"depth": 1, "optimizer": "adam"}), (4, {"depth": 2})],
    "number,state,params_depth,params_learning_rate\n0,COMPLETE,2,1e-3\n": [(2, {"depth": 2, "learning_rate": 1e-3})],
    'batch_size,batch_norm\n"full",true\n': [(2, {"batch_size": "full", "batch_norm": True})],
}


@pytest.mark.parametrize("text", CSV)
def test_a_table_gives_its_rows_with_their_lines(text: str) -> None:
    assert read_rows(text, "x.csv") == CSV[text]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "x.csv: has no rows"),
        ("depth\n", "x.csv: has no rows"),
        ("depth,depth\n1,2\n", "x.csv:1: the column 'depth' is there twice"),
        ("depth,\n1,2\n", "x.csv:1: column 2 has no name"),
        ("depth,width\n1\n", "x.csv:2: has 1 cells, and the head 2"),
        ('depth\n"1', "x.csv:2: not valid CSV"),
        ("depth\n[1]\n", "x.csv:2: depth: must be one value, not '[1]'"),
        ("depth\n!!python/none x\n", "x.csv:2: depth: must be one value"),
    ],
)
def test_a_table_that_cannot_be_read_is_told_with_its_line(text: str, said: str) -> None:
    with pytest.raises(InputError) as error:
        read_rows(text, "x.csv")
    assert str(error.value).startswith(said)


@given(st.text(max_size=60))
def test_no_text_does_worse_than_an_input_error(text: str) -> None:
    with contextlib.suppress(InputError):
        assert read_rows(text, "x.csv")
