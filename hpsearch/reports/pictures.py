"""Each figure of a report as a picture of its own, PNG or SVG, drawn by kaleido and a Chromium."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Literal

from markupsafe import Markup

from hpsearch import registry
from hpsearch.errors import HpsearchError
from hpsearch.files import write_whole
from hpsearch.reports.dashboard import load_dashboard
from hpsearch.reports.figure import Missing
from hpsearch.reports.layout import WIDTH
from hpsearch.reports.theme import LIGHT
from hpsearch.search.records import StudyRecord

HINT = "install the package kaleido and a Chromium or Chrome; --format html needs neither"


def write_pictures(
    study: StudyRecord, folder: Path, kind: Literal["png", "svg"], dashboard: str = "study"
) -> list[Path]:
    """Write the dashboard's figures as `01-best_so_far.png` and so on; returns their paths, in order.

    What is text on the page, and figures that do not apply, are left out. Raises InputError for a dashboard that is
    not there or wrong, HpsearchError where kaleido or a browser is missing; then nothing is written.
    """
    cards = load_dashboard(dashboard).figures
    if importlib.util.find_spec("kaleido") is None:
        raise HpsearchError(f"pictures need kaleido, which is not installed: {HINT}")
    import plotly.graph_objects as go

    drawn = []
    for place, card in enumerate(cards, 1):
        figure = registry.load("figure", card.figure)
        record = figure.compute(study, **card.options)
        drawing = None if isinstance(record, Missing) else figure.draw(record, LIGHT)
        if drawing is None or isinstance(drawing, Markup):
            continue
        picture = go.Figure(drawing if isinstance(drawing, go.Figure) else drawing.to_dict())
        picture.update_layout(width=WIDTH, paper_bgcolor=LIGHT.paper)
        try:
            drawn.append((f"{place:02d}-{card.figure}.{kind}", picture.to_image(format=kind, scale=2)))
        except Exception as error:  # kaleido has no common class for a browser that is not there or does not start
            raise HpsearchError(
                f"kaleido could not draw {card.figure}: {' '.join(str(error).split())}; {HINT}"
            ) from error
    paths = [folder / name for name, _ in drawn]
    for path, (_, content) in zip(paths, drawn, strict=True):
        write_whole(path, content)
    return paths
