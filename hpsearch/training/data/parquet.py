"""A table in a Parquet file, one row a sample."""

from __future__ import annotations

from hpsearch.training.data.arrays import Arrays, Source
from hpsearch.training.data.reader import TABLE, reader


@reader(takes=("path", "dev_path", "test_path", *TABLE), needs=("path", "target"))
def load(source: Source) -> Arrays:
    """The rows of `path`, then of `dev_path` and `test_path`."""
    from hpsearch.training.data.table import load, read_parquet

    return load(source, read_parquet)
