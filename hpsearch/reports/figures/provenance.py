"""Where the numbers come from: the study file, its seed, the data's fingerprint, and the versions that trained."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from hpsearch.reports.figure import Figure, Missing
from hpsearch.reports.theme import Theme
from hpsearch.search.records import StudyRecord

NAMES = {"mlflow.source.git.commit": "Git commit"}
VERSION = "hpsearch.version."
_PART = Markup('<dl class="facts">{facts}</dl><details><summary>Study file</summary><pre>{text}</pre></details>')
_FACT = Markup("<div><dt>{name}</dt><dd>{value}</dd></div>")


@dataclass(frozen=True, slots=True)
class Provenance:
    """Facts as (name, value), and the study file's text."""

    facts: tuple[tuple[str, str], ...]
    study_file: str


def compute(study: StudyRecord) -> Provenance | Missing:
    """What the study knows about its own making; of studies of older versions that is less."""
    facts = [
        ("Seed", str(study.seed)),
        ("Sampler", study.sampler),
        ("Pruner", study.pruner),
        ("Created", study.created.strftime("%Y-%m-%d %H:%M")),
    ]
    if study.data:
        facts.append(("Fingerprint of the data", study.data))
    for name, value in sorted((study.provenance or {}).items()):
        if name in NAMES:
            facts.append((NAMES[name], value))
        elif name.startswith(VERSION):
            facts.append((name.removeprefix(VERSION), value))
    return Provenance(tuple(facts), study.study_file)


def draw(record: Provenance, theme: Theme) -> Markup:
    """A list of facts, and the file to unfold."""
    facts = Markup("").join(_FACT.format(name=name, value=value) for name, value in record.facts)
    return _PART.format(facts=facts, text=record.study_file)


def alt(record: Provenance) -> str:
    """The facts in a row."""
    return ", ".join(f"{name} {value}" for name, value in record.facts) + "."


figure = Figure(compute, draw, alt)
