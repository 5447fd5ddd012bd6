"""The page of a comparison: one HTML file that opens without a network, made as a study's report is."""

from __future__ import annotations

from pathlib import Path

from hpsearch import registry
from hpsearch.files import write_whole
from hpsearch.reports.comparison import Comparison, uneven
from hpsearch.reports.dashboard import PLACEHOLDER, Card, Dashboard, load_dashboard
from hpsearch.reports.page import Shown, fill_template, shown
from hpsearch.reports.theme import DARK, LIGHT
from hpsearch.reports.words import label


def write_comparison(comparison: Comparison, path: Path, dashboard: str = "compare") -> Path:
    """Write the page to `path`, whole or not at all; returns the path.

    Raises InputError for a dashboard that is not there or wrong.
    """
    page = render(comparison, load_dashboard(dashboard, "comparison"))
    write_whole(path, page.encode("utf-8", "replace"))
    return path


def render(comparison: Comparison, dashboard: Dashboard) -> str:
    """The page as text. Whatever the user named is escaped; the scripts in it are ours and plotly's alone."""
    return fill_template(
        "comparison.html.j2",
        title=_fill(dashboard.title, comparison),
        intro=_fill(dashboard.intro, comparison),
        notes=uneven(comparison),
        contestants=list(zip(comparison.contestants, LIGHT.series, DARK.series, strict=False)),
        cards=[_card(card, comparison) for card in dashboard.figures],
    )


def _card(card: Card, comparison: Comparison) -> Shown:
    figure = registry.load("comparison", card.figure)
    record = figure.compute(comparison, **card.options)
    return shown(figure, record, _fill(card.title, comparison), _fill(card.text, comparison))


def _fill(text: str, comparison: Comparison) -> str:
    """The text with the placeholders of a dashboard filled in, in the plural where there are several."""
    studies = [one.repeats[0].study for one in comparison.contestants]
    words = {
        "name": " against ".join(one.name for one in comparison.contestants),
        "metric": label(comparison.metric),
        "better": "higher is better" if comparison.direction == "maximize" else "lower is better",
        "direction": comparison.direction,
        "sampler": ", ".join(dict.fromkeys(study.sampler for study in studies)),
        "pruner": ", ".join(dict.fromkeys(study.pruner for study in studies)),
        "trials": "at its end" if comparison.trials is None else f"after {comparison.trials} trials",
    }
    return PLACEHOLDER.sub(lambda match: words.get(match[1], match[0]), text)
