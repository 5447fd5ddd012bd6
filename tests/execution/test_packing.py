"""The laws of packing."""

from __future__ import annotations

from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from hpsearch.execution.packing import pack


@given(st.dictionaries(st.integers(0, 500), st.sampled_from("abc")), st.integers(1, 9))
def test_packing_keeps_its_laws(signatures: dict[int, str], capacity: int) -> None:
    groups = pack(signatures, capacity)
    assert Counter(n for group in groups for n in group) == Counter(list(signatures))
    sizes: dict[str, list[int]] = {}
    for group in groups:
        kinds = {signatures[n] for n in group}
        assert len(kinds) == 1
        assert list(group) == sorted(group)
        sizes.setdefault(kinds.pop(), []).append(len(group))
    for kind, count in Counter(signatures.values()).items():
        assert len(sizes[kind]) == -(-count // capacity)
        assert max(sizes[kind]) <= capacity
        assert max(sizes[kind]) - min(sizes[kind]) <= 1


@given(st.dictionaries(st.integers(0, 50), st.sampled_from("abc")), st.integers(1, 9), st.randoms())
def test_packing_ignores_the_order_of_arrival(signatures: dict[int, str], capacity: int, shuffler: Random) -> None:
    items = list(signatures.items())
    shuffler.shuffle(items)
    assert set(pack(dict(items), capacity)) == set(pack(signatures, capacity))
