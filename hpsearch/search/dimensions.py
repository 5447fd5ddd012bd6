"""What is searched, as a report and a sampler see it."""

from __future__ import annotations

from hpsearch.search.records import Dimension
from hpsearch.space.hyperparameters import Choice, Range, Space


def dimensions(space: Space) -> tuple[Dimension, ...]:
    """One for each searched hyperparameter, in the order of the space."""
    found = []
    for name in space.searched:
        form = space.hyperparameters[name]
        if isinstance(form, Choice):
            found.append(Dimension(name, options=form.options))
        elif isinstance(form, Range):
            found.append(
                Dimension(name, low=form.low, high=form.high, log=form.log, integer=form.integer, step=form.step)
            )
    return tuple(found)
