"""Random small spaces for property tests: every form, and conditions that never go round in a circle."""

from __future__ import annotations

from hypothesis import strategies as st

from hpsearch.events import Scalar
from hpsearch.space.hyperparameters import Choice, Conditions, Fixed, Form, Range, Space

NAMES = ("a", "b", "c", "d", "e")
OPTIONS: tuple[Scalar, ...] = ("x", "y", "z")


@st.composite
def spaces(draw: st.DrawFn) -> Space:
    """Up to five hyperparameters in a random file order, each depending on some that were drawn before."""
    forms: dict[str, Form] = {}
    for name in NAMES[: draw(st.integers(1, len(NAMES)))]:
        forms[name] = draw(_forms(draw(_conditions(forms))))
    order = draw(st.permutations(list(forms)))
    return Space({name: forms[name] for name in order})


@st.composite
def _conditions(draw: st.DrawFn, forms: dict[str, Form]) -> Conditions:
    deciding = [name for name, form in forms.items() if not isinstance(form, Range) or form.integer]
    if not deciding:
        return ()
    parents = draw(st.lists(st.sampled_from(deciding), unique=True, max_size=2))
    return tuple(
        (parent, tuple(draw(st.lists(st.sampled_from(possible(forms[parent])), unique=True, min_size=1))))
        for parent in parents
    )


def _forms(when: Conditions) -> st.SearchStrategy[Form]:
    choices = st.lists(st.sampled_from(OPTIONS), unique=True, min_size=1).map(
        lambda options: Choice(tuple(options), when)
    )
    ints = st.tuples(st.integers(1, 3), st.integers(0, 3), st.sampled_from((None, 2, 3))).map(
        lambda drawn: Range(drawn[0], drawn[0] + drawn[1], points=drawn[2], integer=True, when=when)
    )
    floats = st.tuples(st.floats(1e-6, 1.0), st.floats(1.0, 50.0), st.booleans(), st.integers(2, 4)).map(
        lambda drawn: Range(drawn[0], drawn[0] * drawn[1], log=drawn[2], points=drawn[3], when=when)
    )
    fixed = st.sampled_from(OPTIONS).map(lambda value: Fixed(value, when))
    return st.one_of(choices, ints, floats, fixed)


def possible(form: Form) -> list[Scalar]:
    """Values that a condition may name; for a fixed parent also some that it never has."""
    if isinstance(form, Choice):
        return list(form.options)
    return list(range(int(form.low), int(form.high) + 1)) if isinstance(form, Range) else list(OPTIONS)


@st.composite
def samples(draw: st.DrawFn, space: Space) -> dict[str, Scalar]:
    """A value for every searched hyperparameter, active or not."""
    drawn: dict[str, Scalar] = {}
    for name in space.searched:
        form = space.hyperparameters[name]
        if isinstance(form, Range) and not form.integer:
            drawn[name] = draw(st.floats(form.low, form.high))
        else:
            drawn[name] = draw(st.sampled_from(possible(form)))
    return drawn
