"""Labels at the ends of lines, moved apart where they would overlap."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from hpsearch.reports.drawing import Drawing


def spread(heights: Sequence[float], low: float, high: float, gap: float) -> list[float]:
    """Heights at least `gap` apart and inside low…high, each group of crowded ones around its middle.

    The order stays, of equal ones the first is highest. Where they don't all fit, the gap is made smaller.
    """
    count = len(heights)
    if count < 2:
        return list(heights)
    gap = min(gap, (high - low) / (count - 1))
    order = sorted(range(count), key=lambda index: (heights[index], -index))
    # Less its gaps, the order asks for heights that never fall: pool neighbours that do, take their mean.
    pools: list[tuple[float, int]] = []
    for place, index in enumerate(order):
        total, size = heights[index] - place * gap, 1
        while pools and pools[-1][0] / pools[-1][1] > total / size:
            total, size = total + pools[-1][0], size + pools[-1][1]
            pools.pop()
        pools.append((total, size))
    ceiling = high - (count - 1) * gap
    starts = list(accumulate((size for _, size in pools), initial=0))
    placed = list(heights)
    for start, (total, size) in zip(starts, pools, strict=False):
        level = min(max(total / size, low), max(ceiling, low))
        for place in range(start, start + size):
            placed[order[place]] = level + place * gap
    return placed


def end_label(figure: Drawing, text: str, last: float, height: float, colour: str, x: str, y: str) -> None:
    """Write plain text right of a line's end: at `last` on the axis x, and at `height`, as an axis has it, on y."""
    figure.add_annotation(
        name="end", text=text, x=last, y=height, xref=x, yref=y, xanchor="left", yanchor="middle", xshift=6,
        showarrow=False, font={"size": 12, "color": colour},
    )  # fmt: skip
