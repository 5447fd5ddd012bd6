"""Arrays that NumPy has saved: `x` [sample, ...], `y` [sample] and, for a split by group, `group` [sample]."""

from __future__ import annotations

from hpsearch.training.data.arrays import Arrays, Source
from hpsearch.training.data.reader import reader


@reader(takes=("path", "dev_path", "test_path", "group", "task"), needs=("path",))
def load(source: Source) -> Arrays:
    """The samples of `path`, then of `dev_path` and `test_path`. `group` names another array than `group`."""
    from hpsearch.training.data.npz_files import load

    return load(source)
