"""What a data source declares about itself, so that a study file can be checked without loading any data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hpsearch.training.data.arrays import Arrays, Source

#: Keys of the study file's `data:` that only some sources take.
KEYS = ("path", "dev_path", "test_path", "target", "numeric", "categorical", "group", "task")
TABLE = ("target", "numeric", "categorical", "group", "task")

Problem = tuple[tuple[str, ...], str]


@dataclass(frozen=True, slots=True)
class Reader:
    """A source's function, and which `KEYS` it takes and needs. `parts` are those that it always has of its own.

    `bundled` says that it reads no files but those of an installed package.
    """

    read: Callable[[Source], Arrays]
    takes: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    bundled: bool = False

    def __call__(self, source: Source) -> Arrays:
        return self.read(source)

    def problems(self, data: Mapping[str, Any]) -> list[Problem]:
        """What is wrong with a `data:` section for this source: the place in it, and a sentence."""
        name = data["name"]
        auto = {"task": "auto"}
        found: list[Problem] = [
            ((key,), f"data {name} takes none" + (f", only {', '.join(self.takes)}" if self.takes else ""))
            for key in KEYS
            if data[key] != auto.get(key) and key not in self.takes
        ]
        found += [((key,), f"is missing: data {name} needs it") for key in self.needs if data[key] is None]
        return found + _wrong_columns(data) + self._wrong_split(data)

    def _wrong_split(self, data: Mapping[str, Any]) -> list[Problem]:
        if isinstance(data["split"], str):
            return []
        found: list[Problem] = []
        for part in ("dev", "test"):
            said_given, has_file = data["split"][part] == "given", data[f"{part}_path"] is not None
            if has_file and not said_given:
                found.append((("split", part), f"data.{part}_path holds this part: write given, or split: auto"))
            if said_given and not has_file and part not in self.parts:
                can = f"{part}_path" in self.takes
                why = f"data.{part}_path is missing" if can else f"data {data['name']} has no {part} part of its own"
                found.append((("split", part), f"cannot be given: {why}"))
        return found


def reader(
    *,
    takes: tuple[str, ...] = (),
    needs: tuple[str, ...] = (),
    parts: tuple[str, ...] = (),
    bundled: bool = False,
) -> Callable[[Callable[[Source], Arrays]], Reader]:
    """Make a source's function a `Reader`."""
    return lambda read: Reader(read, takes, needs, parts, bundled)


def _wrong_columns(data: Mapping[str, Any]) -> list[Problem]:
    """A column has one role."""
    roles = {column: f"data.{key}" for key in ("target", "group") if (column := data[key]) is not None}
    found: list[Problem] = []
    if data["group"] is not None and data["group"] == data["target"]:
        found.append((("group",), f"column {data['group']!r} is data.target already"))
    for key in ("numeric", "categorical"):
        for column in data[key] or ():
            if column in roles:
                found.append(((key,), f"column {column!r} is there twice: it is {roles[column]} already"))
            roles[column] = f"data.{key}"
    return found
