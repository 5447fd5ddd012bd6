"""What goes wrong, said in one line, and the exit code that goes with it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path


class HpsearchError(Exception):
    """Anything that ends the command with one clear line in place of a traceback."""

    exit_code = 1


class InputError(HpsearchError):
    """Something that the user gave is wrong: a study file, a flag, a path.

    ``str(error)`` is one line: ``FILE:LINE: what is wrong; hint``.
    """

    exit_code = 2

    def __init__(
        self,
        what: str,
        *,
        file: Path | str | None = None,
        line: int | None = None,
        hint: str | None = None,
    ) -> None:
        place = "" if file is None else f"{file}: " if line is None else f"{file}:{line}: "
        super().__init__(place + " ".join(what.split()) + (f"; {hint}" if hint else ""))
        self.what, self.file, self.line, self.hint = what, file, line, hint


def did_you_mean(word: object, known: Iterable[str]) -> str | None:
    """A hint that names the nearest known word, or else all of them when they are few."""
    words = sorted(known)
    nearest = difflib.get_close_matches(str(word).lower(), words, n=1, cutoff=0.6)
    if nearest:
        return f"did you mean {nearest[0]!r}?"
    return f"known: {', '.join(words)}" if 0 < len(words) <= 12 else None


def raise_interrupt(error: BaseException) -> None:
    """Raise the KeyboardInterrupt of which a library made another exception; else nothing.

    One that comes in the midst of a transform of `torch.func` leaves its layers half taken down, and what comes out is
    a RuntimeError with the interrupt as its context.
    """
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        if isinstance(link, KeyboardInterrupt):
            raise KeyboardInterrupt from error
        seen.add(id(link))
        link = link.__cause__ or link.__context__
