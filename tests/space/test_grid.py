from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping

import pytest
from hypothesis import given

from hpsearch.errors import InputError
from hpsearch.events import Scalar
from hpsearch.space.grid import cells, count, values
from hpsearch.space.hyperparameters import Choice, Fixed, Range, Space
from tests.space.spaces import spaces


def values_of(form: Range) -> list[Scalar]:
    return list(values(Space({"a": form}), "a"))


def as_set(assignments: Iterable[Mapping[str, Scalar]]) -> set[frozenset[tuple[str, Scalar]]]:
    return {frozenset(assignment.items()) for assignment in assignments}


@given(spaces())
def test_cells_are_the_product_filtered_by_conditions_each_once(space: Space) -> None:
    found = list(cells(space))
    assert len(found) == len(as_set(found)) == count(space)
    product = itertools.product(*(values(space, name) for name in space.searched))
    complete = (space.complete(dict(zip(space.searched, chosen, strict=True))) for chosen in product)
    searched = ({name: value for name, value in c.items() if name in space.searched} for c in complete)
    assert as_set(found) == as_set(searched)


@given(spaces())
def test_every_cell_completes_to_itself_and_the_fixed_values(space: Space) -> None:
    for cell in cells(space):
        complete = space.complete(cell)
        assert {name: complete[name] for name in space.searched if name in complete} == cell


def test_the_first_hyperparameter_changes_slowest_and_a_child_counts_only_where_active() -> None:
    space = Space({"a": Choice(("x", "y")), "b": Choice((1, 2), when=(("a", ("y",)),)), "c": Fixed(0)})
    assert list(cells(space)) == [{"a": "x"}, {"a": "y", "b": 1}, {"a": "y", "b": 2}]


def test_a_space_with_nothing_to_search_has_one_empty_cell() -> None:
    space = Space({"a": Fixed(1)})
    assert (list(cells(space)), count(space)) == ([{}], 1)


def test_an_int_range_takes_every_value_by_step() -> None:
    assert values_of(Range(1, 4, integer=True)) == [1, 2, 3, 4]
    assert values_of(Range(10, 40, step=10, integer=True)) == [10, 20, 30, 40]


def test_an_int_range_with_points_takes_each_rounded_value_once() -> None:
    assert values_of(Range(1, 3, points=9, integer=True)) == [1, 2, 3]
    assert values_of(Range(1, 100, points=3, log=True, integer=True)) == [1, 10, 100]


def test_a_float_range_takes_five_values_unless_told() -> None:
    assert values_of(Range(0.0, 1.0)) == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert values_of(Range(0.1, 0.3, points=3)) == [0.1, 0.2, 0.3]


def test_a_log_range_is_spread_geometrically() -> None:
    assert values_of(Range(1e-3, 1e-1, log=True, points=3)) == [1e-3, 1e-2, 1e-1]


def test_a_float_range_with_a_step_has_no_rounding_crumbs() -> None:
    assert values_of(Range(0.1, 0.7, step=0.2)) == [0.1, 0.3, 0.5, 0.7]


def test_a_range_of_one_value_gives_it_once() -> None:
    assert values_of(Range(0.5, 0.5)) == [0.5]


def test_counting_and_the_first_cells_of_a_huge_grid_take_no_time() -> None:
    huge = Range(1, 10**9, integer=True)
    space = Space({"a": huge, "b": huge, "c": Choice(("x",), when=(("a", (7,)),))})
    assert count(space) == 10**18
    assert list(itertools.islice(cells(space), 2)) == [{"a": 1, "b": 1}, {"a": 1, "b": 2}]


def test_a_float_range_with_millions_of_steps_is_refused() -> None:
    with pytest.raises(InputError, match="a grid would take 10000001 values of it; give a larger step"):
        values_of(Range(0.0, 1.0, step=1e-7))
