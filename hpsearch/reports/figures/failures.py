"""Which trials failed, by class, with what they said and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from markupsafe import Markup
from pydantic import Field

from hpsearch.reports.failures import MESSAGES, FailureClass, failure_classes
from hpsearch.reports.figure import Figure, Missing
from hpsearch.reports.theme import Theme
from hpsearch.search.records import StudyRecord

_PART = Markup('<ul class="failures">{rows}</ul>{trace}')
_ROW = Markup("<li><b>{count}</b>: {advice}.{examples}</li>")
_EXAMPLE = Markup('<span class="example">trial {number}{message}</span>')
_TRACE = Markup("<details><summary>Traceback of trial {number}</summary><pre>{text}</pre></details>")


@dataclass(frozen=True, slots=True)
class Failures:
    """The classes, the most frequent first, of how many trials that ended, and the first traceback with its trial."""

    classes: tuple[FailureClass, ...]
    ended: int
    examples: int
    traceback: tuple[int, str] | None


def compute(study: StudyRecord, *, examples: Annotated[int, Field(ge=0, le=MESSAGES)] = MESSAGES) -> Failures | Missing:
    """Each class with at most `examples` messages."""
    classes = failure_classes(study)
    if not classes:
        return Missing("No trial failed.")
    traced = next(((trial.number, trial.traceback) for trial in study.trials if trial.traceback), None)
    return Failures(classes, sum(trial.finished for trial in study.trials), examples, traced)


def draw(record: Failures, theme: Theme) -> Markup:
    """A list; its colours are the page's."""
    rows = Markup("").join(
        _ROW.format(
            count=f"{one.count:,} {one.name}",
            advice=one.advice,
            examples=Markup("").join(
                _EXAMPLE.format(number=number, message=f": {message}" if message else "")
                for number, message in one.examples[: record.examples]
            ),
        )
        for one in record.classes
    )
    number, text = record.traceback or (0, "")
    return _PART.format(rows=rows, trace=_TRACE.format(number=number, text=text) if text else "")


def alt(record: Failures) -> str:
    """The classes and their counts."""
    told = ", ".join(f"{one.count:,} {one.name}" for one in record.classes)
    return f"Of {record.ended:,} trials that ended, failed: {told}."


figure = Figure(compute, draw, alt)
