"""A small chart as an SVG file: for each series a median line in a band from the least to the most.

It reads on light and on dark pages, and names its lines where they end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jinja2 import Environment

WIDTH, HEIGHT = 760, 400
LEFT, RIGHT, TOP, BOTTOM = 64, 150, 48, 48
APART = 18  # between the names of two lines
# Read on white and on black, and by people who don't tell red from green.
COLOURS = ("#2f7ed8", "#d9730d", "#7a5195", "#3c8d5a")

TEMPLATE = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {{ width }} {{ height }}" role="img" aria-label="{{ title }}"
  font-family="system-ui, sans-serif" font-size="13">
<title>{{ title }}</title>
<style>
text { fill: #24292f } .grid { stroke: #8886; stroke-width: 1 }
@media (prefers-color-scheme: dark) { text { fill: #d8dee4 } }
</style>
<text x="{{ left }}" y="22" font-size="15" font-weight="600">{{ title }}</text>
{% for y, label in rows -%}
<line class="grid" x1="{{ left }}" x2="{{ right }}" y1="{{ y }}" y2="{{ y }}"/>
<text x="{{ left - 8 }}" y="{{ y + 4 }}" text-anchor="end">{{ label }}</text>
{% endfor -%}
{% for x, label in columns -%}
<text x="{{ x }}" y="{{ bottom + 20 }}" text-anchor="middle">{{ label }}</text>
{% endfor -%}
<text x="{{ right }}" y="{{ bottom + 38 }}" text-anchor="end">{{ across }}</text>
{% for line in lines -%}
<polygon points="{{ line.band }}" fill="{{ line.colour }}" fill-opacity="0.18"/>
<polyline points="{{ line.median }}" fill="none" stroke="{{ line.colour }}" stroke-width="2.5"/>
<text x="{{ right + 8 }}" y="{{ line.y + 4 }}" style="fill: {{ line.colour }}" font-weight="600">{{ line.name }}</text>
{% endfor -%}
</svg>
"""


@dataclass(frozen=True, slots=True)
class Band:
    """One series: at each of `times` the least, the middle and the most."""

    times: Sequence[float]
    least: Sequence[float]
    middle: Sequence[float]
    most: Sequence[float]


def draw(title: str, across: str, bands: Mapping[str, Band]) -> str:
    """The chart as SVG. Every band has at least one time; all are drawn on the same axes, times from 0."""
    low = min(min(band.least) for band in bands.values())
    high = max(max(band.most) for band in bands.values())
    end = max(band.times[-1] for band in bands.values())
    room = max(high - low, 1e-9)
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM

    def x(time: float) -> float:
        return round(LEFT + (right - LEFT) * time / end, 1)

    def y(value: float) -> float:
        return round(bottom - (bottom - TOP) * (value - low) / room, 1)

    named = _apart({name: y(band.middle[-1]) for name, band in bands.items()})
    lines = [
        {
            "name": name,
            "colour": colour,
            "y": named[name],
            "median": _points([(x(t), y(v)) for t, v in zip(band.times, band.middle, strict=True)]),
            "band": _points(
                [(x(t), y(v)) for t, v in zip(band.times, band.most, strict=True)]
                + [(x(t), y(v)) for t, v in reversed(list(zip(band.times, band.least, strict=True)))]
            ),
        }
        for (name, band), colour in zip(bands.items(), COLOURS, strict=False)
    ]
    return Environment(autoescape=True).from_string(TEMPLATE).render(
        title=title, across=across, width=WIDTH, height=HEIGHT, left=LEFT, right=right, bottom=bottom, lines=lines,
        rows=[(y(low + room * part / 4), f"{low + room * part / 4:.3f}") for part in range(5)],
        columns=[(x(end * part / 5), f"{end * part / 5:g}") for part in range(6)],
    )  # fmt: skip


def _points(places: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in places)


def _apart(places: Mapping[str, float]) -> dict[str, float]:
    """The same places from top to bottom, moved down where two names would touch."""
    moved: dict[str, float] = {}
    last = float("-inf")
    for name in sorted(places, key=lambda name: places[name]):
        last = moved[name] = max(places[name], last + APART)
    return moved
