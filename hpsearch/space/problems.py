"""What is wrong with a study file, before it is known on which line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong at `path`, and perhaps what was meant."""

    path: Path
    what: str
    hint: str | None = None


class ProblemsError(ValueError):
    """What a validator raises; pydantic hands it on with the place where it was raised."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(problem.what for problem in problems))
        self.problems = tuple(problems)


def wrong(what: str, hint: str | None = None) -> ProblemsError:
    """One problem with the value at hand."""
    return ProblemsError([Problem((), what, hint)])


def shown(value: object) -> str:
    """A value as the user wrote it, or what kind of thing it is, always short and on one line."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case dict():
            return "a mapping"
        case list():
            return "a list"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def dotted(path: Path) -> str:
    """``("search", "trials")`` as ``search.trials``, ``("a", 0)`` as ``a[0]``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            name = part if part.isprintable() and 0 < len(part) <= 60 else shown(part)
            text += f".{name}" if text else name
    return text
