"""The report: one HTML page that opens without a network, now and in ten years."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import jinja2
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from hpsearch import registry
from hpsearch.files import write_whole
from hpsearch.reports.dashboard import Card, Dashboard, fill, load_dashboard
from hpsearch.reports.figure import Missing
from hpsearch.reports.summary import summarise
from hpsearch.reports.theme import LIGHT, swaps
from hpsearch.reports.words import label
from hpsearch.search.records import StudyRecord


@dataclass(frozen=True, slots=True)
class _Shown:
    """One card, ready for the template: one of `reason`, `markup` and `data` is there."""

    title: str
    text: str
    reason: str = ""
    markup: Markup | None = None
    data: Markup | None = None
    height: int = 0


def write_page(study: StudyRecord, path: Path, dashboard: str = "study") -> Path:
    """Write the study's report to `path`, whole or not at all; returns the path.

    Raises InputError for a dashboard that is not there or wrong.
    """
    page = render(study, load_dashboard(dashboard))
    write_whole(path, page.encode("utf-8", "replace"))
    return path


def render(study: StudyRecord, dashboard: Dashboard) -> str:
    """The page as text. Whatever the user named is escaped; the scripts in it are ours and plotly's alone."""
    plotly, script = get_plotlyjs(), _asset("page.js")
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    metric = label(study.metric)
    return environment.from_string(_asset("page.html.j2")).render(
        policy=_policy([plotly, script]),
        title=fill(dashboard.title, study, metric),
        intro=fill(dashboard.intro, study, metric),
        study=study,
        metric=metric,
        summary=summarise(study),
        cards=[_card(card, study, metric) for card in dashboard.figures],
        swaps=_json(json.dumps(swaps())),
        style=Markup(_asset("page.css")),  # noqa: S704  (a file of this package)
        plotly=Markup(plotly),  # noqa: S704  (a file of plotly's package)
        script=Markup(script),  # noqa: S704  (a file of this package)
    )


def _card(card: Card, study: StudyRecord, metric: str) -> _Shown:
    figure = registry.load("figure", card.figure)
    title, text = fill(card.title, study, metric), fill(card.text, study, metric)
    record = figure.compute(study, **card.options)
    if isinstance(record, Missing):
        return _Shown(title, text, reason=record.reason)
    drawing = figure.draw(record, LIGHT)
    if isinstance(drawing, Markup):
        return _Shown(title, text, markup=drawing)
    return _Shown(title, text, data=_json(drawing.to_json()), height=int(drawing.layout.height or 400))


def _json(text: str) -> Markup:
    """JSON that cannot end the <script> it stands in, nor start a comment there."""
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704  (no character that HTML gives a meaning is left)


def _policy(scripts: Sequence[str]) -> str:
    """A content security policy: no network at all, and no script but these.

    Plotly builds its WebGL shaders' wrappers from text, hence 'unsafe-eval', and saves pictures by blob:.
    """
    digests = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" for script in scripts
    )
    return (
        f"default-src 'none'; script-src {digests} 'unsafe-eval'; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def _asset(name: str) -> str:
    return resources.files("hpsearch.reports").joinpath(name).read_text(encoding="utf-8")
