"""What was wrong with how many trials, what to try, and how it looked in the best of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from markupsafe import Markup
from pydantic import Field

from hpsearch.reports.figure import Figure, Missing
from hpsearch.reports.theme import Theme
from hpsearch.reports.words import counted, label, number
from hpsearch.search.records import StudyRecord, TrialRecord
from hpsearch.training.findings import ADVICE, VERDICTS, Finding

_PAGE_PART = Markup("""<style>
.diagnosis h3 {{ margin-bottom: 2px; }}
.diagnosis ul {{ list-style: none; margin: 0; padding: 0; }}
.diagnosis .found {{ padding: 9px 0; border-top: 1px solid var(--line); }}
.diagnosis .bar {{ display: flex; align-items: center; gap: 10px; }}
.diagnosis .bar b {{ flex: 0 0 200px; }}
.diagnosis .room {{ flex: 1 1 auto; display: flex; height: 14px; }}
.diagnosis .room i {{ display: block; background: var(--accent); }}
.diagnosis .room i + i {{ opacity: 0.35; }}
.diagnosis .bar span {{ flex: 0 0 230px; font-variant-numeric: tabular-nums; }}
.diagnosis p {{ margin: 4px 0 0; max-width: 95ch; font-size: 0.93rem; }}
.diagnosis .example {{ margin-top: 2px; }}
@media (max-width: 600px) {{
  .diagnosis .bar {{ flex-wrap: wrap; gap: 0 10px; }}
  .diagnosis .room {{ flex-basis: 100%; order: 1; }}
}}
</style>
<div class="diagnosis">{groups}</div>""")
_GROUP = Markup("<h3>{title}</h3><ul>{rows}</ul>")
_ROW = Markup(
    '<li class="found"><div class="bar"><b>{name}</b><div class="room">'
    '<i style="width: {whole:.2f}%"></i><i style="width: {pruned:.2f}%"></i></div><span>{count}</span></div>'
    "<p>{advice}</p>{examples}</li>"
)
_EXAMPLE = Markup('<span class="example">Trial {number}{value}: {sentence}</span>')


@dataclass(frozen=True, slots=True)
class Example:
    """A trial, its value or where there is none its last metric, and what was seen in it."""

    number: int
    value: float | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Row:
    """One verdict or finding: how many trials it was named in, of them stopped early, and the best of them."""

    name: str
    count: int
    pruned: int
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Verdicts, of which each of the `judged` trials has one, and the other findings."""

    metric: str
    judged: int
    verdicts: tuple[Row, ...]
    findings: tuple[Row, ...]


def compute(study: StudyRecord, *, examples: Annotated[int, Field(ge=0, le=20)] = 2) -> Diagnosis | Missing:
    """All findings with at most `examples` trials each, the best ones first."""
    judged = sorted((trial for trial in study.trials if trial.diagnosis), key=lambda trial: _rank(study, trial))
    if not judged:
        return Missing("No trial has ended yet whose train and dev scores were measured.")
    affected: dict[str, list[tuple[TrialRecord, Finding]]] = {}
    for trial in judged:
        for finding in trial.diagnosis:
            affected.setdefault(finding.name, []).append((trial, finding))
    order = [name for name in (*VERDICTS, *ADVICE) if name in affected]
    rows = {name: _row(study, name, affected[name], examples) for name in dict.fromkeys((*order, *affected))}
    return Diagnosis(
        study.metric,
        len(judged),
        tuple(row for name, row in rows.items() if name in VERDICTS),
        tuple(row for name, row in rows.items() if name not in VERDICTS),
    )


def _rank(study: StudyRecord, trial: TrialRecord) -> tuple[int, float, int]:
    """The best scored trial first, then the others by their last metric."""
    value = _value(study, trial)
    sign = -1.0 if study.direction == "maximize" else 1.0
    return 0 if trial.scored else 1 if value is not None else 2, sign * (value or 0.0), trial.number


def _value(study: StudyRecord, trial: TrialRecord) -> float | None:
    return trial.value if trial.scored else trial.last(study.metric)


def _row(study: StudyRecord, name: str, affected: list[tuple[TrialRecord, Finding]], examples: int) -> Row:
    return Row(
        name,
        len(affected),
        sum(trial.state == "PRUNED" for trial, _ in affected),
        tuple(Example(trial.number, _value(study, trial), found.sentence) for trial, found in affected[:examples]),
    )


def draw(record: Diagnosis, theme: Theme) -> Markup:
    """Bars in HTML, for there is a sentence to each. Their colours are the page's."""
    groups = [("The verdict: train error against dev error", record.verdicts), ("What else was seen", record.findings)]
    return _PAGE_PART.format(
        groups=_join(
            _GROUP.format(title=title, rows=_join(_draw_row(row, record) for row in rows))
            for title, rows in groups
            if rows
        )
    )


def _draw_row(row: Row, record: Diagnosis) -> Markup:
    share = 100 / record.judged
    count = counted(row.count, "trial")
    return _ROW.format(
        name=label(row.name),
        whole=share * (row.count - row.pruned),
        pruned=share * row.pruned,
        count=count + (f", {'all' if row.pruned == row.count else f'{row.pruned:,}'} pruned" if row.pruned else ""),
        advice=ADVICE.get(row.name, ""),
        examples=_join(
            _EXAMPLE.format(
                number=example.number,
                value="" if example.value is None else f" ({label(record.metric)} {number(example.value)})",
                sentence=example.sentence,
            )
            for example in row.examples
        ),
    )


def _join(parts: Iterable[Markup]) -> Markup:
    return Markup("").join(parts)


def alt(record: Diagnosis) -> str:
    """Every verdict and finding with its count."""
    told = ", ".join(f"{row.count:,} {label(row.name)}" for row in (*record.verdicts, *record.findings))
    return f"Of {record.judged:,} trials: {told}."


figure = Figure(compute, draw, alt)
