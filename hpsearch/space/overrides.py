"""`--set hyperparameters.epochs=5`: a dotted path and a value, put over what the study file says."""

from __future__ import annotations

from typing import Any

from hpsearch.errors import InputError
from hpsearch.space.problems import Path, dotted
from hpsearch.space.yaml_tree import NotReadableError, Tree, read_yaml

NAMED = (("data",), ("search", "sampler"))  # sections of which plain text is the name


def override(tree: Tree, text: str) -> None:
    """Put ``PATH=VALUE`` into the tree, making mappings that are missing. Raises InputError.

    The value is read by the rules of the study file, so ``[1, 2]`` and ``{low: 1, high: 3}`` work too.
    """
    place = f"--set {' '.join(text.split())}"
    dots, equals, said = text.partition("=")
    path = tuple(part.strip() for part in dots.split("."))
    if not equals or not all(path):
        raise InputError("write PATH=VALUE, for instance hyperparameters.epochs=5", file=place)
    try:
        value = read_yaml(said).value
    except NotReadableError as error:
        raise InputError(f"{dotted(path)}: {error.what}", file=place) from None
    mapping = _mapping_at(tree, path[:-1], place)
    mapping[path[-1]] = value
    for known in [known for known in tree.places if known[: len(path)] == path]:
        del tree.places[known]
    tree.places[path] = place


def _mapping_at(tree: Tree, path: Path, place: str) -> dict[str, Any]:
    mapping: dict[str, Any] = tree.value
    for depth, key in enumerate(path, start=1):
        inner = mapping.get(str(key))
        if inner is None:
            inner = {}
            tree.places[path[:depth]] = place
        elif isinstance(inner, str) and path[:depth] in NAMED:
            inner = {"name": inner}
        elif not isinstance(inner, dict):
            raise InputError(f"{dotted(path[:depth])}: is not a mapping, so nothing can be set in it", file=place)
        mapping[str(key)] = inner
        mapping = inner
    return mapping
