"""Whether a split fits the size of the data."""

from __future__ import annotations

from hpsearch.training.data.arrays import Dataset
from hpsearch.training.data.splits import PARTS, usual

FAR = 2.5  # a part of so many times its usual share, or of that fraction of it


def advice(data: Dataset) -> list[str]:
    """A sentence where the dev part is far larger or smaller than is usual for so many samples."""
    sizes = {part: len(getattr(data, f"{part}_y")) for part in PARTS}
    samples = sum(sizes.values())
    wanted = usual(samples)
    said, common = ("/".join(f"{100 * share:.3g}" for share in shares) for shares in (
        [size / samples for size in sizes.values()], wanted.values()))  # fmt: skip
    share = sizes["dev"] / samples
    split = f"data.split: {said} of {samples:,} samples"
    if share > FAR * wanted["dev"]:
        return [f"{split} leaves less to learn from than it could: {common} is usual for so many"]
    if share < wanted["dev"] / FAR:
        return [f"{split} judges by {sizes['dev']:,} samples only: {common} is usual for so many"]
    return []
