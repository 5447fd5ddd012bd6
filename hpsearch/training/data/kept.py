"""Arrays that are a function of the data, the study file and the code, kept in the user's cache folder.

What scikit-learn does to data takes milliseconds, importing it most of a second: with this a study's first trial
begins so much sooner, but for the first time.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpsearch import __version__, cache

Arrays = Mapping[str, NDArray[Any]]

MOST = 40  # files
LARGEST = 2**22  # bytes of a file
PACKAGES = ("scikit-learn", "numpy")


def kept(facts: object, make: Callable[[], Arrays]) -> Arrays:
    """What `make` gives, from the cache where it is there. `facts`, plain JSON, are all that it depends on but code."""
    name = f"{_key(facts)}.npz"
    found = cache.recall(name)
    if found is not None:
        with suppress(ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile):
            return _read(found)
    made = make()
    if sum(array.nbytes for array in made.values()) <= LARGEST:
        file = io.BytesIO()
        named: dict[str, Any] = dict(made)
        np.savez(file, **named)
        cache.keep(name, file.getvalue(), MOST)
    return made


def digest(array: NDArray[Any] | None) -> str | None:
    """What tells an array's content, type and shape from another's."""
    if array is None:
        return None
    content = hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
    return f"{array.dtype.str} {array.shape} {content}"


def _key(facts: object) -> str:
    """Other versions of the code, of which a change of its files is one, come to something else."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    code = [[file.name, (found := file.stat()).st_size, found.st_mtime_ns] for file in files]
    known = [facts, __version__, code, [version(package) for package in PACKAGES]]
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()[:32]


def _read(content: bytes) -> Arrays:
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        return {name: file[name] for name in file.files}
