"""How names, numbers and times are written on the page."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterable, Mapping

from hpsearch.events import Scalar

ABSENT = "—"
LONGEST = 60


def label(name: str) -> str:
    """A metric's or a hyperparameter's name as prose has it: `learning_rate` is "learning rate"."""
    return name.replace("_", " ").strip() or name


def number(value: float, digits: int = 4) -> str:
    """A number in few characters: `digits` significant ones, and whole numbers in full up to a million."""
    if abs(value) < 1e6 and value == int(value):
        return str(int(value))
    if value != 0 and (abs(value) < 1e-4 or abs(value) >= 1e6):
        mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
        if not exponent:
            return mantissa
        mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        return f"{mantissa}e{int(exponent)}"
    short = f"{value:.{digits}g}"
    return f"{value:.0f}" if "e" in short else short


def scalar(value: Scalar) -> str:
    """A hyperparameter's value: numbers short, words as they are, and none of it longer than LONGEST."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "none"}[value]
    if isinstance(value, (int, float)):
        return number(value)
    return shorten(value)


def shorten(text: str, longest: int = LONGEST) -> str:
    """At most `longest` characters of one line."""
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def two_lines(text: str, longest: int = 9) -> str:
    """A label in plain HTML that breaks after its most central underscore where it is longer than a line."""
    breaks = [place + 1 for place, letter in enumerate(text) if letter == "_"]
    if len(text) <= longest or not breaks:
        return plain(text)
    middle = min(breaks, key=lambda place: abs(2 * place - len(text)))
    return f"{plain(text[:middle])}<br>{plain(text[middle:])}"


def duration(seconds: float) -> str:
    """A time in its two largest units: "7.3 s", "3 min 20 s", "2 h 5 min", "1 d 3 h"."""
    if seconds < 59.95:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    minutes = round(seconds / 60)
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60} min"
    hours = round(seconds / 3600)
    return f"{hours // 24} d {hours % 24} h"


def counted(count: int, what: str) -> str:
    """So many of something whose plural takes an s: "1 trial", "1,200 trials"."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def tally(names: Iterable[str]) -> str:
    """How many there are of each name: "2 × cuda:0, 1 × cpu"."""
    return ", ".join(f"{count} × {name}" for name, count in Counter(names).items())


def plain(text: str) -> str:
    """The text for a plotly label, which reads tags, entities and %{…} in it: none of them is left."""
    return html.escape(shorten(text), quote=False).replace("%", "&#37;").replace("$", "&#36;")


def params_lines(params: Mapping[str, Scalar]) -> str:
    """The hyperparameters for a hover text, one a line, already plain."""
    lines = [f"{plain(label(name))}: {plain(scalar(value))}" for name, value in params.items()]
    return "<br>".join(lines)
