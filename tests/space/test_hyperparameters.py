from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpsearch.space.hyperparameters import Choice, CycleError, Fixed, Range, Space
from tests.space.spaces import samples, spaces

SPACE = Space(
    {
        "momentum": Range(0.5, 0.9, when=(("optimizer", ("momentum",)),)),
        "depth": Fixed(2),
        "optimizer": Choice(("adam", "momentum")),
        "decay_epochs": Fixed(5, when=(("momentum", (0.5,)), ("depth", (2, 3)))),
    }
)


def test_parents_come_first_and_the_rest_keeps_the_order_of_the_file() -> None:
    assert list(SPACE.hyperparameters) == ["optimizer", "momentum", "depth", "decay_epochs"]
    assert SPACE.searched == ("optimizer", "momentum")


def test_completing_adds_fixed_values_and_leaves_out_what_is_inactive() -> None:
    assert SPACE.complete({"optimizer": "adam", "momentum": 0.5}) == {"optimizer": "adam", "depth": 2}
    assert SPACE.complete({"optimizer": "momentum", "momentum": 0.5}) == {
        "optimizer": "momentum",
        "momentum": 0.5,
        "depth": 2,
        "decay_epochs": 5,
    }


def test_all_conditions_must_hold() -> None:
    assert not SPACE.active("decay_epochs", {"optimizer": "momentum", "momentum": 0.6})
    assert SPACE.active("decay_epochs", {"optimizer": "momentum", "momentum": 0.5})


def test_a_condition_on_an_inactive_parent_does_not_hold() -> None:
    assert not SPACE.active("decay_epochs", {"optimizer": "adam", "momentum": 0.5})


def test_a_missing_value_of_an_active_hyperparameter_is_an_error() -> None:
    with pytest.raises(KeyError, match="momentum"):
        SPACE.complete({"optimizer": "momentum"})


def test_a_circle_of_conditions_is_an_error_that_names_it() -> None:
    one = Choice((1, 2), when=(("b", (1,)),))
    other = Choice((1, 2), when=(("a", (1,)),))
    with pytest.raises(CycleError, match="a → b → a"):
        Space({"a": one, "b": other})


@given(spaces().flatmap(lambda space: st.tuples(st.just(space), samples(space))))
def test_completing_is_idempotent_and_what_is_active_is_what_is_present(drawn: tuple[Space, dict]) -> None:  # type: ignore[type-arg]
    space, sampled = drawn
    complete = space.complete(sampled)
    assert space.complete(complete) == complete
    for name in space.hyperparameters:
        assert (name in complete) == space.active(name, sampled) == space.active(name, complete)


@given(spaces())
def test_every_parent_stands_before_what_depends_on_it(space: Space) -> None:
    order = list(space.hyperparameters)
    for name, form in space.hyperparameters.items():
        assert all(order.index(parent) < order.index(name) for parent, _ in form.when)
