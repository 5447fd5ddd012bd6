"""The axis of one hyperparameter: options side by side, numbers on the scale on which they were searched."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

from hpsearch.reports.layout import axis
from hpsearch.reports.theme import Theme
from hpsearch.reports.words import label, number, plain, scalar, shorten, two_lines
from hpsearch.search.records import Dimension

MOST_LEVEL = 8  # of so many options or fewer the names stand level
Scale = Literal["linear", "log", "options"]


def scale_of(dimension: Dimension) -> Scale:
    """The scale on which a hyperparameter was searched."""
    return "options" if dimension.options is not None else "log" if dimension.log else "linear"


def options_of(dimension: Dimension) -> tuple[str, ...]:
    """The options as words; none for a range."""
    return tuple(scalar(option) for option in dimension.options or ())


def place_said(dimension: Dimension, place: float) -> str:
    """The value at a place on the axis, in words."""
    return number(place, 3) if dimension.options is None else scalar(dimension.options[int(place)])


def dimension_axis(dimension: Dimension, places: Sequence[float], theme: Theme, said: str = "") -> dict[str, Any]:
    """An axis with room for the whole range and for these places; `said` stands behind the name, already plain."""
    title = plain(shorten(label(dimension.name), 34)) + said
    if dimension.options is not None:
        return options_axis(title, options_of(dimension), theme)
    low, high = min(dimension.low or 0.0, *places), max(dimension.high or 0.0, *places)
    if dimension.log:
        low, high = math.log10(low), math.log10(high)
    pad = 0.04 * (high - low) or 0.5
    ticks: dict[str, Any] = {"nticks": 5, "tickformat": "~g"}
    if dimension.log and high - low >= 1.5:
        stride = math.ceil((high - low) / 5)
        powers = [10.0**power for power in range(math.ceil(low), math.floor(high) + 1, stride)]
        ticks = {"tickmode": "array", "tickvals": powers, "ticktext": [number(power) for power in powers]}
    elif dimension.integer and high - low <= 8:
        ticks = {"dtick": 1, "tickformat": "d"}
    return axis(theme, title, type=scale_of(dimension), range=[low - pad, high + pad], **ticks)


def options_axis(title: str, options: Sequence[str], theme: Theme) -> dict[str, Any]:
    """Options at 0, 1, 2, …"""
    last = len(options) - 1
    return axis(
        theme, title, tickmode="array", tickvals=list(range(last + 1)), showgrid=False,
        ticktext=_option_labels(options), range=[-0.5, last + 0.5],
        tickangle=0 if last < MOST_LEVEL else None, tickfont={"size": 12 if last < 4 else 10, "color": theme.muted},
    )  # fmt: skip


def _option_labels(options: Sequence[str]) -> list[str]:
    """A few break where they are long; more stand on two levels in turn."""
    if len(options) <= 6 or len(options) > MOST_LEVEL:
        return [two_lines(shorten(option, 20)) for option in options]
    return ["<br>" * (place % 2) + plain(shorten(option, 14)) for place, option in enumerate(options)]
