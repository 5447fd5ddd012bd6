"""A table of comma-separated values, one row a sample, the first line naming the columns."""

from __future__ import annotations

from hpsearch.training.data.arrays import Arrays, Source
from hpsearch.training.data.reader import TABLE, reader


@reader(takes=("path", "dev_path", "test_path", *TABLE), needs=("path", "target"))
def load(source: Source) -> Arrays:
    """The rows of `path`, then of `dev_path` and `test_path`. What pandas takes for missing is missing."""
    from hpsearch.training.data.table import load, read_csv

    return load(source, read_csv)
