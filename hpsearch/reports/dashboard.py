"""A dashboard file: which figures a report shows, in what order, and the words around them."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

import hpsearch
from hpsearch import registry
from hpsearch.errors import InputError, did_you_mean
from hpsearch.reports.figure import Figure
from hpsearch.search.records import StudyRecord
from hpsearch.space.problems import dotted
from hpsearch.space.yaml_tree import NotReadableError, Tree, read_yaml

PLACEHOLDER = re.compile(r"\{(\w*)\}")
PLACEHOLDERS = ("name", "metric", "better", "direction", "sampler", "pruner", "trials")


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Card(_Model):
    """One figure: its registry name, the words above it, and the options of its `compute`."""

    figure: str
    title: str = Field(min_length=1)
    text: str = ""
    options: dict[str, Any] = Field(default_factory=dict)


class Dashboard(_Model):
    """A report page. Titles and texts may hold the placeholders in PLACEHOLDERS, in braces."""

    title: str = "{name}"
    intro: str = ""
    figures: list[Card] = Field(min_length=1)


def load_dashboard(name_or_path: str | Path, table: str = "figure") -> Dashboard:
    """The dashboard of that name that comes with hpsearch, or the one in a file (with a / or a .yaml).

    Its figures are those of a table of the registry.
    Raises InputError with the file, the line and a did-you-mean for anything that is wrong with it.
    """
    path = _find(name_or_path)
    try:
        tree = read_yaml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not a text file"
        raise InputError(f"cannot read the dashboard: {reason}", file=path) from None
    except NotReadableError as error:
        raise InputError(error.what, file=path, line=error.line) from None
    try:
        dashboard = Dashboard.model_validate({} if tree.value is None else tree.value)
    except ValidationError as error:
        raise _explain(error, path, tree) from None
    _check(dashboard, path, tree, table)
    return dashboard


def fill(text: str, study: StudyRecord, metric: str) -> str:
    """The text with its placeholders filled in; `metric` is how the metric's name is written."""
    words = {
        "name": study.name,
        "metric": metric,
        "better": "higher is better" if study.direction == "maximize" else "lower is better",
        "direction": study.direction,
        "sampler": study.sampler,
        "pruner": study.pruner,
        "trials": str(study.total),
    }
    return PLACEHOLDER.sub(lambda match: words.get(match[1], match[0]), text)


def _find(name_or_path: str | Path) -> Path:
    """The file. A packaged dashboard is inside the installed package, or beside it in a checkout."""
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or "/" in text or text.endswith((".yaml", ".yml")):
        return Path(name_or_path)
    package = Path(hpsearch.__file__).parent
    found = {
        path.stem: path
        for folder in (package.parent / "dashboards", package / "dashboards")
        for path in folder.glob("*.yaml")
    }
    if text not in found:
        raise InputError(f"there is no dashboard {text!r}", hint=did_you_mean(text, found))
    return found[text]


def _explain(error: ValidationError, path: Path, tree: Tree) -> InputError:
    """The first thing that pydantic found, in our words."""
    first = error.errors(include_url=False)[0]
    where = first["loc"]
    hint = None
    if first["type"] == "extra_forbidden":
        known = Card.model_fields if where[0] == "figures" else Dashboard.model_fields
        what, hint = f"unknown key {where[-1]!r}", did_you_mean(where[-1], known)
    elif first["type"] == "missing":
        what = f"the key {where[-1]!r} is missing"
    else:
        message = first["msg"].replace("Input should", "it should")
        what = f"{dotted(where)}: {message}" if where else f"a dashboard is a mapping: {message}"
    return InputError(what, file=path, line=_line(tree, where), hint=hint)


def _check(dashboard: Dashboard, path: Path, tree: Tree, table: str) -> None:
    """Placeholders, figures and their options: known, and of the right type."""
    for key, text in (("title", dashboard.title), ("intro", dashboard.intro)):
        _check_placeholders(text, path, _line(tree, (key,)))
    for index, card in enumerate(dashboard.figures):
        for key, text in (("title", card.title), ("text", card.text)):
            _check_placeholders(text, path, _line(tree, ("figures", index, key)))
        place = ("figures", index, "figure")
        try:
            figure = registry.load(table, card.figure)
        except InputError as error:
            raise InputError(error.what, file=path, line=_line(tree, place), hint=error.hint) from None
        if not isinstance(figure, Figure):
            what = f"{card.figure} is not a figure: it has no compute and draw"
            raise InputError(what, file=path, line=_line(tree, place))
        known = options(figure.compute)
        for name, value in card.options.items():
            line = _line(tree, ("figures", index, "options", name))
            if name not in known:
                what = f"{card.figure} has no option {name!r}"
                hint = did_you_mean(name, known) or "it has no options"
                raise InputError(what, file=path, line=line, hint=hint)
            try:
                known[name].validate_python(value, strict=True)
            except ValidationError as error:
                message = error.errors(include_url=False)[0]["msg"].replace("Input should", "it should")
                raise InputError(f"{card.figure}, option {name!r}: {message}", file=path, line=line) from None


def options(compute: Any) -> dict[str, TypeAdapter[Any]]:
    """The options of a figure, each with what checks its values: the keyword-only parameters of `compute`."""
    hints = get_type_hints(compute, include_extras=True)
    return {
        name: TypeAdapter(hints.get(name, Any))
        for name, parameter in inspect.signature(compute).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY
    }


def described_options(compute: Any) -> list[str]:
    """The options of a figure in words: "best: whole number from 1 to 8, 6 if not said"."""
    words = {"integer": "whole number", "number": "number", "boolean": "true or false", "string": "text"}
    told = []
    for name, adapter in options(compute).items():
        schema = adapter.json_schema()
        bounds = [f"from {schema['minimum']}"] if "minimum" in schema else []
        bounds += [f"to {schema['maximum']}"] if "maximum" in schema else []
        what = " ".join([words.get(schema.get("type", ""), "value"), *bounds])
        default = inspect.signature(compute).parameters[name].default
        told.append(f"{name}: {what}" + ("" if default is inspect.Parameter.empty else f", {default} if not said"))
    return told


def _check_placeholders(text: str, path: Path, line: int) -> None:
    for name in PLACEHOLDER.findall(text):
        if name not in PLACEHOLDERS:
            hint = did_you_mean(name, PLACEHOLDERS)
            raise InputError(f"unknown placeholder {{{name}}}", file=path, line=line, hint=hint)


def _line(tree: Tree, path: tuple[str | int, ...]) -> int:
    place = tree.place(path)
    return place if isinstance(place, int) else 1
