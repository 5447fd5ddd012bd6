"""Check one value against what training declares about its hyperparameter."""

from __future__ import annotations

import math

from hpsearch import registry
from hpsearch.declarations import Hyperparameter
from hpsearch.errors import did_you_mean
from hpsearch.events import Scalar
from hpsearch.space.problems import shown, wrong

# Above this, JSON readers and floats can no longer tell two whole numbers apart.
LARGEST_INT = 2**53


def checked(declared: Hyperparameter, value: object) -> Scalar:
    """The value in its declared type: an int for a float becomes a float, 2.0 for an int becomes 2.

    Raises ProblemsError for a value of another type, out of bounds, not finite, or not among the choices.
    """
    match declared.kind:
        case "bool":
            if not isinstance(value, bool):
                raise wrong(f"must be true or false, not {shown(value)}")
            return value
        case "choice":
            return known_name(declared.choices or "", value)
    if isinstance(value, str) and declared.words:
        if value not in declared.words:
            words = " or ".join(repr(word) for word in declared.words)
            raise wrong(f"must be a number or {words}, not {shown(value)}", did_you_mean(value, declared.words))
        return value
    return _inside(declared, number(value, integer=declared.kind == "int"))


def number(value: object, *, integer: bool) -> int | float:
    """A finite int or float. Raises ProblemsError for anything else, bools included."""
    kind = "a whole number" if integer else "a number"
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong(f"must be {kind}, not {shown(value)}")
    if isinstance(value, float) and not math.isfinite(value):
        raise wrong(f"must be a finite number, not {value}")
    if abs(value) > LARGEST_INT and (integer or isinstance(value, int)):
        raise wrong(f"must be at most 2**53, not {shown(value)}")
    if not integer:
        return float(value)
    if value != int(value):
        raise wrong(f"must be a whole number, not {value}")
    return int(value)


def known_name(table: str, value: object) -> str:
    """A name from a registry table; what is behind it is not imported. Raises ProblemsError."""
    known = registry.names(table)
    if not isinstance(value, str):
        raise wrong(f"must be a name, not {shown(value)}", did_you_mean(value, known))
    if value not in known:
        raise wrong(f"there is no {table} {shown(value)}", did_you_mean(value, known))
    return value


def _inside(declared: Hyperparameter, value: int | float) -> int | float:
    low, high = declared.low, declared.high
    too_low = low is not None and (value <= low if declared.open_low else value < low)
    too_high = high is not None and (value >= high if declared.open_high else value > high)
    if too_low or too_high:
        raise wrong(f"must be {bounds(declared)}, not {value}")
    return value


def bounds(declared: Hyperparameter) -> str:
    """The declared bounds in words: ``at least 0 and below 1``; empty where there are none."""
    words = []
    if declared.low is not None:
        words.append(f"{'above' if declared.open_low else 'at least'} {declared.low:g}")
    if declared.high is not None:
        words.append(f"{'below' if declared.open_high else 'at most'} {declared.high:g}")
    return " and ".join(words)
