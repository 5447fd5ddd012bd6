"""Read a study file: find it, read it, put `--set` over it, check it, and say what is wrong in one line."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import NoneType
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from hpsearch.errors import InputError, did_you_mean
from hpsearch.space.csv_rows import read_rows
from hpsearch.space.overrides import override
from hpsearch.space.problems import Problem, ProblemsError, dotted, shown
from hpsearch.space.study_file import PATHS, StudyFile
from hpsearch.space.yaml_tree import NotReadableError, Tree, read_yaml, write_yaml

LARGEST_FILE = 1_000_000  # bytes


def load_study(path: Path | str, overrides: Sequence[str] = ()) -> StudyFile:
    """The study file at a path, or the packaged one of that name, with ``PATH=VALUE`` overrides.

    Raises InputError: one line with file, line, what is wrong and what was probably meant.
    """
    found = find_study_file(path)
    return parse_study(read_text(found), file=found, overrides=overrides, folder=found.parent)


def parse_study(text: str, *, file: Path | str, overrides: Sequence[str] = (), folder: Path | None = None) -> StudyFile:
    """The study file in `text`; `file` only names it in messages. Raises InputError.

    Relative paths of data start at `folder`; those of an override, and all without a folder, where we are.
    """
    try:
        tree = read_yaml(text)
    except NotReadableError as error:
        raise InputError(error.what, file=file, line=error.line) from None
    if tree.value is None:
        raise InputError("the file is empty", file=file)
    if not isinstance(tree.value, dict):
        what = f"must be a mapping (key: value), not {shown(tree.value)}"
        raise InputError(what, file=file, line=int(tree.place(())))
    for text_of_override in overrides:
        override(tree, text_of_override)
    _place_paths(tree, Path() if folder is None else folder)
    _read_enqueued(tree, Path() if folder is None else folder)
    try:
        return StudyFile.model_validate(tree.value)
    except ValidationError as error:
        raise _first(problems_of(error), tree, file) from None


def _place_paths(tree: Tree, folder: Path) -> None:
    """Make the paths of data absolute."""
    data = tree.value.get("data")
    for key in PATHS if isinstance(data, dict) else ():
        said = data.get(key)
        if isinstance(said, str) and said.isprintable() and said:
            base = Path() if isinstance(tree.place(("data", key)), str) else folder
            data[key] = os.path.abspath(base / os.path.expanduser(said))  # noqa: PTH100, PTH111  # never fail


def _read_enqueued(tree: Tree, folder: Path) -> None:
    """Put a CSV file's rows in the place of its name, each with its line. Raises InputError."""
    search, path = tree.value.get("search"), ("search", "enqueue")
    said = search.get("enqueue") if isinstance(search, dict) else None
    if not isinstance(said, str) or not said.lower().endswith(".csv"):
        return
    given = isinstance(tree.place(path), str)
    try:
        file = (Path() if given else folder) / Path(said).expanduser()
        text = read_text(file, "CSV file")
    except (ValueError, RuntimeError):  # a zero byte; a home that nobody has
        raise InputError(f"search.enqueue: cannot be a path: {shown(said)}") from None
    rows = read_rows(text, file)
    search["enqueue"] = [values for _, values in rows]
    for index, (line, _) in enumerate(rows):
        tree.places[*path, index] = f"{file}:{line}"


def dump_study(study: StudyFile) -> str:
    """The study file as text, overrides and defaults written out; `parse_study` reads an equal one."""
    return write_yaml(study.to_dict())


def find_study_file(name: Path | str) -> Path:
    """The path itself if there is something, else the packaged study file NAME or NAME.yaml.

    Raises InputError, with a did-you-mean over the packaged names and the YAML files of this folder.
    """
    path = Path(name)
    try:
        if path.exists():
            return path
    except (OSError, ValueError):
        raise InputError(f"cannot be a path: {shown(str(name))}") from None
    packaged = packaged_study_files()
    if path.name == str(name) and path.name.removesuffix(".yaml") in packaged:
        return packaged[path.name.removesuffix(".yaml")]
    known = [*packaged, *(file.name for file in Path().glob("*.yaml"))]
    raise InputError("there is no such study file", file=path, hint=did_you_mean(name, known))


def packaged_study_files() -> Mapping[str, Path]:
    """The study files that come with hpsearch: name without ``.yaml`` → path, sorted by name."""
    package = Path(__file__).resolve().parents[1]
    # In a wheel they lie inside the package, in a checkout beside it.
    folders = (package / "search_spaces", package.parent / "search_spaces")
    folder = next((folder for folder in folders if folder.is_dir()), folders[0])
    return {file.stem: file for file in sorted(folder.glob("*.yaml"))}


def read_text(path: Path, kind: str = "study file") -> str:
    """The text of a file of at most one megabyte, in UTF-8. Raises InputError."""
    try:
        with path.open("rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
    except IsADirectoryError:
        raise InputError(f"is a folder, not a {kind}", file=path) from None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=path) from None
    if len(content) > LARGEST_FILE:
        raise InputError(f"is larger than one megabyte: this is no {kind}", file=path)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError("is not UTF-8 text", file=path, line=line) from None


def problems_of(error: ValidationError, inside: tuple[Any, ...] = ()) -> list[Problem]:
    """What pydantic found `inside` a part of the study file, in the study file's words."""
    problems: list[Problem] = []
    for found in error.errors(include_url=False):
        path, kind = (*inside, *found["loc"]), found["type"]
        raised = found.get("ctx", {}).get("error")
        if isinstance(raised, ValidationError):
            problems += problems_of(raised, path)
        elif isinstance(raised, ProblemsError):
            problems += [Problem((*path, *one.path), one.what, one.hint) for one in raised.problems]
        elif kind == "extra_forbidden":
            problems.append(Problem(path, "unknown key", did_you_mean(path[-1], _keys_at(path[:-1]))))
        elif kind == "missing":
            problems.append(Problem(path, "is missing"))
        elif kind == "model_type":
            problems.append(Problem(path, f"must be a mapping (key: value), not {shown(found['input'])}"))
        elif kind != "default_factory_not_called":  # that one only follows from another problem
            problems.append(Problem(path, found["msg"]))
    return problems


def _keys_at(path: tuple[Any, ...]) -> list[str]:
    section: type[BaseModel] = StudyFile
    for key in path:
        if isinstance(key, str):  # not a place in a list
            section = _section(_fields(section)[key].annotation)
    return list(_fields(section))


def _fields(section: type[BaseModel]) -> dict[str, FieldInfo]:
    """By key, as the study file writes it."""
    return {field.alias or name: field for name, field in section.model_fields.items()}


def _section(annotation: Any) -> type[BaseModel]:
    """The section in an annotation: itself, or in a `tuple[…]`, or beside None."""
    inner = [_section(part) for part in get_args(annotation) if part not in (Ellipsis, NoneType)]
    return inner[0] if inner else annotation


def _first(problems: Sequence[Problem], tree: Tree, file: Path | str) -> InputError:
    """The error that is told: the first by line, overrides after the file, and how many more there are."""

    def order(problem: Problem) -> tuple[bool, int]:
        place = tree.place(problem.path)
        return isinstance(place, str), place if isinstance(place, int) else 0

    first = min(problems, key=order)
    what, hint = f"{dotted(first.path)}: {first.what}", first.hint
    if others := len(problems) - 1:
        more = f"(and {others} more error{'s' if others > 1 else ''})"
        what, hint = (what, f"{hint} {more}") if hint else (f"{what} {more}", None)
    place = tree.place(first.path)
    if isinstance(place, str):
        return InputError(what, file=place, hint=hint)
    return InputError(what, file=file, line=place, hint=hint)
