"""Memory for what lives during one step only: one block, in which each tensor's place is known beforehand."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

_ALIGNMENT = 64  # bytes, as PyTorch's own memory has it


@dataclass(frozen=True, slots=True)
class Place:
    """The form of a tensor in the arena."""

    shape: torch.Size
    stride: tuple[int, ...]
    dtype: torch.dtype

    @property
    def bytes(self) -> int:
        """What it takes."""
        return math.prod(self.shape) * self.dtype.itemsize

    def view(self, memory: Tensor, first: int) -> Tensor:
        """The tensor that begins at a byte of the arena's memory."""
        return memory[first : first + self.bytes].view(self.dtype).as_strided(self.shape, self.stride)


class Arena:
    """Memory that grows to the largest size asked for, on one device."""

    def __init__(self, device: torch.device) -> None:
        self._memory = torch.empty(0, dtype=torch.uint8, device=device)

    def memory(self, size: int) -> Tensor:
        """At least so many bytes. What was given before stays usable, though it may be other memory."""
        if len(self._memory) < size:
            self._memory = torch.empty(size, dtype=torch.uint8, device=self._memory.device)
        return self._memory


def plan(lives: Mapping[int, tuple[int, int, int]]) -> tuple[dict[int, int], int]:
    """Where each tensor begins, and the size of all, in bytes; tensors that live at the same time don't overlap.

    `lives` gives the times of each one's birth and last use, both included, and its size. In the order of births,
    each takes the lowest room that is free.
    """
    begins: dict[int, int] = {}
    alive: list[tuple[int, int, int]] = []  # first byte, end, last use
    whole = 0
    for index, (birth, last, size) in sorted(lives.items(), key=lambda item: item[1][0]):
        alive = [block for block in alive if block[2] >= birth]
        first = 0
        for begin, end, _ in sorted(alive):
            if first + size <= begin:
                break
            first = max(first, end)
        begins[index] = first
        end = first + -(-size // _ALIGNMENT) * _ALIGNMENT
        alive.append((first, end, last))
        whole = max(whole, end)
    return begins, whole
