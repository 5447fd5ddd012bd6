"""From what a study file says about one hyperparameter to its typed form, without its conditions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

from hpsearch.declarations import Hyperparameter
from hpsearch.errors import did_you_mean
from hpsearch.events import Scalar
from hpsearch.space.problems import Path, Problem, ProblemsError, shown, wrong
from hpsearch.space.values import checked, number

T = TypeVar("T")
KEYS = {
    "value": ("value", "when"),
    "options": ("options", "when"),
    "low": ("low", "high", "log", "step", "points", "when"),
}
MOST_POINTS = 10_000


@dataclass(slots=True)
class Checks:
    """Runs checks and keeps what is wrong, so that one reading finds every mistake."""

    problems: list[Problem] = field(default_factory=list)

    def run(self, path: Path, check: Callable[[], T]) -> T | None:
        """What the check returns, or None after noting what it raised."""
        try:
            return check()
        except ProblemsError as error:
            for problem in error.problems:
                self.problems.append(Problem((*path, *problem.path), problem.what, problem.hint))
            return None

    def finish(self) -> None:
        """Raises ProblemsError if anything was wrong."""
        if self.problems:
            raise ProblemsError(self.problems)


def parse_form(declared: Hyperparameter, raw: object) -> dict[str, Any]:
    """The fields of the form: `value` of a Fixed, `options` of a Choice, or all those of a Range.

    A condition is left for `conditions`, which must see all hyperparameters. Raises ProblemsError.
    """
    if isinstance(raw, list):
        return {"options": _options(declared, raw)}
    if not isinstance(raw, dict):
        return {"value": checked(declared, raw)}
    _check_keys(raw)
    checks = Checks()
    if "value" in raw:
        value = checks.run(("value",), partial(checked, declared, raw["value"]))
        checks.finish()
        return {"value": value}
    if "options" in raw:
        options = checks.run(("options",), partial(_options, declared, raw["options"]))
        checks.finish()
        return {"options": options}
    return _range(declared, raw)


def _check_keys(raw: dict[str, object]) -> None:
    kind = next((key for key in KEYS if key in raw), "low")
    everywhere = {key for keys in KEYS.values() for key in keys}
    problems = []
    for key in raw:
        if key not in everywhere:
            problems.append(Problem((key,), "unknown key", did_you_mean(key, KEYS[kind])))
        elif key not in KEYS[kind]:
            problems.append(Problem((key,), f"cannot stand beside {kind!r}"))
    if not problems and not raw.keys() & {"value", "options", "low", "high"}:
        problems.append(Problem((), "must have low and high, or options, or value"))
    if problems:
        raise ProblemsError(problems)


def _options(declared: Hyperparameter, raw: object) -> tuple[Scalar, ...]:
    if not isinstance(raw, list):
        raise wrong(f"must be a list, not {shown(raw)}")
    if not raw:
        raise wrong("an empty list leaves nothing to choose from")
    checks = Checks()
    options: dict[Scalar, None] = {}
    for index, item in enumerate(raw):
        before = len(checks.problems)
        option = checks.run((index,), partial(checked, declared, item))
        if len(checks.problems) == before:
            if option in options:
                checks.problems.append(Problem((index,), f"{shown(item)} is there twice"))
            options[option] = None
    checks.finish()
    return tuple(options)


def _range(declared: Hyperparameter, raw: dict[str, object]) -> dict[str, Any]:
    if declared.kind not in ("int", "float"):
        raise wrong("cannot be a range: it takes names" if declared.kind == "choice" else "cannot be a range")
    checks = Checks()
    for end in ("low", "high"):
        if end not in raw:
            checks.problems.append(Problem((end,), "is missing: a range has low and high"))
    checks.finish()
    low = checks.run(("low",), partial(checked, declared, raw["low"]))
    high = checks.run(("high",), partial(checked, declared, raw["high"]))
    integer = declared.kind == "int"
    log = checks.run(("log",), partial(_log, raw.get("log", False)))
    step = checks.run(("step",), partial(_step, raw.get("step"), integer=integer))
    points = checks.run(("points",), partial(_points, raw.get("points")))
    checks.finish()
    fields = {"low": low, "high": high, "log": log, "step": step, "points": points, "integer": integer}
    _check_shape(fields)
    return fields


def _log(raw: object) -> bool:
    if not isinstance(raw, bool):
        raise wrong(f"must be true or false, not {shown(raw)}")
    return raw


def _step(raw: object, *, integer: bool) -> int | float | None:
    if raw is None:
        return None
    step = number(raw, integer=integer)
    if step <= 0:
        raise wrong(f"must be above 0, not {step}")
    return step


def _points(raw: object) -> int | None:
    if raw is None:
        return None
    points = int(number(raw, integer=True))
    if not 2 <= points <= MOST_POINTS:
        raise wrong(f"must be at least 2 and at most {MOST_POINTS}, not {points}")
    return points


def _check_shape(fields: dict[str, Any]) -> None:
    low, high, step = fields["low"], fields["high"], fields["step"]
    if low > high:
        raise wrong(f"low is above high: {low} > {high}")
    if fields["log"] and low <= 0:
        raise wrong(f"log needs low above 0, not {low}")
    if step is not None and fields["log"]:
        raise wrong("step and log cannot both be given")
    if step is not None and fields["points"] is not None:
        raise wrong("step and points cannot both be given")
    if step is not None:
        start, end, by = (Decimal(str(part)) for part in (low, high, step))
        last = start + (end - start) // by * by
        if last != end:
            raise wrong(f"steps of {step} from {low} do not reach {high}", f"the last one is at {last}")
