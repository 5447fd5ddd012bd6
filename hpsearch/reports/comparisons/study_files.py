"""What differs between the contestants' study files."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from hpsearch.reports.comparison import Comparison
from hpsearch.reports.figure import Figure, Missing
from hpsearch.reports.theme import Theme
from hpsearch.space.study_file import differences


@dataclass(frozen=True, slots=True)
class StudyFiles:
    """For each contestant but the first: what its file says otherwise, as `path: there → here`."""

    first: str
    others: tuple[tuple[str, tuple[str, ...]], ...]


def compute(comparison: Comparison) -> StudyFiles | Missing:
    """Names, seeds, how long to go on and where to run do not count."""
    first, *others = comparison.contestants
    if not others:
        return Missing("There is no other study file to compare with.")
    identity = first.repeats[0].identity
    found = tuple((one.name, tuple(differences(identity, one.repeats[0].identity))) for one in others)
    return StudyFiles(first.name, found)


def draw(record: StudyFiles, theme: Theme) -> Markup:
    """A list for each."""
    parts = []
    for name, lines in record.others:
        items = Markup("").join(Markup("<li>{}</li>").format(line) for line in lines or ("nothing but its name",))
        parts.append(Markup("<h3>{} → {}</h3><ul>{}</ul>").format(record.first, name, items))
    return Markup('<div class="differences">{}</div>').format(Markup("").join(parts))


figure = Figure(compute, draw)
