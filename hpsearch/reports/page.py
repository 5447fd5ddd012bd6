"""The report: one HTML page that opens without a network, now and in ten years."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from hpsearch import registry
from hpsearch.files import write_whole
from hpsearch.reports.dashboard import Card, Dashboard, fill, load_dashboard
from hpsearch.reports.embed import embedded
from hpsearch.reports.figure import Figure, Missing
from hpsearch.reports.summary import summarise
from hpsearch.reports.theme import LIGHT, swaps, variables
from hpsearch.reports.words import label
from hpsearch.search.records import StudyRecord

_RUNS = '<script type="application/json" id="runs">'  # as in the template


@dataclass(frozen=True, slots=True)
class Shown:
    """One card, ready for the template: one of `reason`, `markup` and `data` is there.

    `alt` says what there is to see, `notes` are warnings above the figure.
    """

    title: str
    text: str
    reason: str = ""
    alt: str = ""
    notes: tuple[str, ...] = ()
    markup: Markup | None = None
    data: Markup | None = None
    height: int = 0


def write_page(
    study: StudyRecord,
    path: Path,
    dashboard: str = "study",
    *,
    runs: Mapping[int, str] | None = None,
    mlflow: str | None = None,
    live: str = "",
) -> Path:
    """Write the study's report to `path`, whole or not at all; returns the path.

    `runs` has the address of each trial's run in MLflow's pages, by number; `mlflow` is that of the study's run.
    `live` names this version of a page that looks for a newer one of itself.
    Raises InputError for a dashboard that is not there or wrong.
    """
    page = render(study, load_dashboard(dashboard), runs=runs, mlflow=mlflow, live=live)
    write_whole(path, page.encode("utf-8", "replace"))
    return path


def link_runs(path: Path, runs: Mapping[int, str]) -> None:
    """Give a page that is written already the trials' addresses in MLflow, which names runs later than it is drawn."""
    head, begin, rest = path.read_bytes().partition(_RUNS.encode())
    if begin:
        _, end, tail = rest.partition(b"</script>")
        write_whole(path, head + begin + _links(runs).encode() + end + tail)


def _links(runs: Mapping[int, str]) -> Markup:
    return embedded({str(number): link for number, link in runs.items() if _is_web(link)})


def render(
    study: StudyRecord,
    dashboard: Dashboard,
    *,
    runs: Mapping[int, str] | None = None,
    mlflow: str | None = None,
    live: str = "",
) -> str:
    """The page as text. Whatever the user named is escaped; the scripts in it are ours and plotly's alone."""
    metric = label(study.metric)
    return fill_template(
        "page.html.j2",
        runs=runs,
        live=live,
        title=fill(dashboard.title, study, metric),
        intro=fill(dashboard.intro, study, metric),
        study=study,
        metric=metric,
        mlflow=mlflow,
        summary=summarise(study),
        cards=[_card(card, study, metric) for card in dashboard.figures],
    )


def fill_template(name: str, *, runs: Mapping[int, str] | None = None, live: str = "", **words: Any) -> str:
    """A template of this package, filled with these words and with what every page has: style, scripts, policy."""
    plotly, script = plotly_js(), _asset("page.js") + _asset("table.js") + (_asset("live.js") if live else "")
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_asset), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template(name).render(
        policy=_policy([plotly, script], live=bool(live)),
        swaps=embedded(swaps()),
        runs=_links(runs or {}),
        style=Markup(variables() + _asset("page.css")),  # noqa: S704  (a file of this package)
        plotly=Markup(plotly),  # noqa: S704  (a file of plotly's package)
        script=Markup(script),  # noqa: S704  (a file of this package)
        live=live,
        **words,
    )


def _card(card: Card, study: StudyRecord, metric: str) -> Shown:
    figure = registry.load("figure", card.figure)
    record = figure.compute(study, **card.options)
    return shown(figure, record, fill(card.title, study, metric), fill(card.text, study, metric))


def shown(figure: Figure[Any], record: Any, title: str, text: str) -> Shown:
    """The card of what a figure has computed."""
    if isinstance(record, Missing):
        return Shown(title, text, reason=record.reason)
    drawing = figure.draw(record, LIGHT)
    alt = "" if figure.alt is None else figure.alt(record)
    notes = () if figure.notes is None else tuple(figure.notes(record))
    if isinstance(drawing, Markup):
        return Shown(title, text, alt=alt, notes=notes, markup=drawing)
    height = int(drawing.layout.height or 400)
    return Shown(title, text, alt=alt, notes=notes, data=embedded(drawing.to_json()), height=height)


def plotly_js() -> str:
    """The whole of plotly.js, as plotly's package has it; the package's own Python is not needed for that."""
    return resources.files("plotly").joinpath("package_data", "plotly.min.js").read_text(encoding="utf-8")


def _is_web(link: str) -> bool:
    return link.startswith(("http://", "https://"))


def _policy(scripts: Sequence[str], *, live: bool) -> str:
    """A content security policy: no network at all, and no script but these. A live page may ask its own server.

    Plotly builds its WebGL shaders' wrappers from text, hence 'unsafe-eval', and saves pictures by blob:.
    """
    digests = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" for script in scripts
    )
    return (
        f"default-src 'none'; script-src {digests} 'unsafe-eval'; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'" + ("; connect-src 'self'" if live else "")
    )


def _asset(name: str) -> str:
    return resources.files("hpsearch.reports").joinpath(name).read_text(encoding="utf-8")
