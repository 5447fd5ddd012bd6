"""What lives at the same time has places of its own."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from hpsearch.training.arena import Arena, Place, plan

lives = st.dictionaries(
    st.integers(0, 50), st.tuples(st.integers(0, 20), st.integers(0, 20), st.integers(1, 500)), max_size=30
).map(lambda drawn: {index: (birth, birth + more, size) for index, (birth, more, size) in drawn.items()})


@given(lives)
def test_what_lives_at_the_same_time_does_not_overlap(lives: dict[int, tuple[int, int, int]]) -> None:
    begins, whole = plan(lives)
    assert begins.keys() == lives.keys()
    for one, (birth, last, size) in lives.items():
        assert begins[one] % 64 == 0
        assert begins[one] + size <= whole
        for other, (birth_2, last_2, size_2) in lives.items():
            if one != other and birth <= last_2 and birth_2 <= last:
                assert begins[one] + size <= begins[other] or begins[other] + size_2 <= begins[one]


def test_a_place_is_used_again() -> None:
    _, whole = plan({0: (0, 1, 64), 1: (1, 2, 64), 2: (2, 3, 64), 3: (3, 4, 64)})
    assert whole == 128


def test_an_arena_grows_and_leaves_what_it_gave() -> None:
    arena = Arena(torch.device("cpu"))
    place = Place(torch.Size([2, 3]), (1, 2), torch.float64)
    first = place.view(arena.memory(64 + place.bytes), 64).fill_(7)
    assert first.stride() == (1, 2)
    assert len(arena.memory(1000)) == 1000
    assert len(arena.memory(10)) == 1000
    assert first.eq(7).all()
