"""What training declares about each hyperparameter, so that a study file can be checked without PyTorch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hpsearch.events import Scalar

Direction = Literal["maximize", "minimize"]
Kind = Literal["int", "float", "bool", "choice"]


@dataclass(frozen=True, slots=True)
class Hyperparameter:
    """One hyperparameter that a trial may have.

    `low` and `high` bound its values; `open_low` and `open_high` exclude the bound itself.
    `choices` names the registry table whose keys are its values (kind "choice").
    `fusible` says that its value may differ between the trials of one stack.
    `needs` says when training reads it at all: for instance ``{"optimizer": ("momentum",)}``.
    `words` are values beside the numbers, such as ``full``. `models` names the registered models that read
    it (empty: all of them), `images` says that it works on images only.
    """

    kind: Kind
    default: Scalar
    doc: str
    low: float | None = None
    high: float | None = None
    open_low: bool = False
    open_high: bool = False
    choices: str | None = None
    fusible: bool = True
    needs: tuple[tuple[str, tuple[Scalar, ...]], ...] = ()
    words: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    images: bool = False


def better(direction: Direction | str, one: float, other: float) -> bool:
    """Whether `one` is strictly better than `other`."""
    return one > other if direction == "maximize" else one < other
