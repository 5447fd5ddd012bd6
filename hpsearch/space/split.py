"""The study file's split: `auto`, or how much of the data each part gets."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, PlainSerializer, PlainValidator

from hpsearch.errors import did_you_mean
from hpsearch.space.forms import Checks
from hpsearch.space.problems import Problem, shown, wrong
from hpsearch.space.values import number

Share = float | Literal["given"]


class Split(BaseModel):
    """A fraction above 0 for each part, or ``given`` for a part that the source has of its own.

    Fractions are of what is not given, and sum to 1.
    """

    model_config = ConfigDict(frozen=True)

    train: Share
    dev: Share
    test: Share


def parse_split(raw: object) -> Split | Literal["auto"]:
    """Raises ProblemsError with all that is wrong."""
    if raw == "auto":
        return "auto"
    if isinstance(raw, Split):
        return raw
    if not isinstance(raw, dict):
        hint = did_you_mean(raw, ["auto"]) if isinstance(raw, str) else None
        raise wrong(f"must be auto or a mapping with train, dev and test, not {shown(raw)}", hint)
    parts, checks = list(Split.model_fields), Checks()
    checks.problems += [Problem((key,), "unknown key", did_you_mean(key, parts)) for key in raw if key not in parts]
    checks.problems += [Problem((part,), "is missing") for part in parts if part not in raw]
    shares = {part: checks.run((part,), partial(_share, raw[part])) for part in parts if part in raw}
    checks.finish()
    split = Split.model_validate(shares)
    _check_sum({part: share for part, share in shares.items() if isinstance(share, float)})
    return split


def _plain(split: Split | str) -> dict[str, Share] | str:
    return split if isinstance(split, str) else {"train": split.train, "dev": split.dev, "test": split.test}


SplitOrAuto = Annotated[Split | Literal["auto"], PlainValidator(parse_split), PlainSerializer(_plain)]


def _share(value: object) -> Share:
    if value == "given":
        return "given"
    if isinstance(value, str):
        raise wrong(f"must be a fraction or 'given', not {shown(value)}", did_you_mean(value, ["given"]))
    fraction = float(number(value, integer=False))
    if fraction <= 0:
        raise wrong(f"must be above 0, not {fraction:g}")
    return fraction


def _check_sum(fractions: dict[str, float]) -> None:
    if fractions and "train" not in fractions:
        raise wrong("train can be given only where dev and test are too", "give train a fraction")
    total = sum(fractions.values())
    if fractions and abs(total - 1) > 1e-6:
        *first, last = fractions
        if not first:
            raise wrong(f"dev and test are given, so train must be 1, not {total:.7g}")
        raise wrong(f"{', '.join(first)} and {last} must sum to 1, not {total:.7g}")
