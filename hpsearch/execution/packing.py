"""Which trials train together: a pure function, so that its laws can be tested.

Laws: every trial stands in exactly one group; a group shares a signature and holds at most `capacity`;
there are as few groups as these allow; groups of one signature differ by at most one in size.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping


def pack(signatures: Mapping[int, Hashable], capacity: int) -> list[tuple[int, ...]]:
    """Groups of trial numbers, ascending within a group; a function of the mapping's content alone."""
    shared: dict[Hashable, list[int]] = {}
    for number in sorted(signatures):
        shared.setdefault(signatures[number], []).append(number)
    groups = []
    for numbers in shared.values():
        count = -(-len(numbers) // capacity)
        for i in range(count):
            groups.append(tuple(numbers[i * len(numbers) // count : (i + 1) * len(numbers) // count]))
    return groups
