"""YAML text as plain data in which every key and value knows its line. Nothing in the text is executed.

Built on PyYAML's SafeLoader, read more strictly: no tags, no key twice, text keys only, and a limit on
what aliases may grow into. Plain words mean what YAML 1.2 says: `1e-4` is a number, `yes` and `no` are text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from hpsearch.space.problems import Path, shown

MOST_NODES = 20_000
DEEPEST = 32

_WORDS = (
    ("tag:yaml.org,2002:null", r"~|null|Null|NULL|", [*"~nN", ""]),
    ("tag:yaml.org,2002:bool", r"true|True|TRUE|false|False|FALSE", [*"tTfF"]),
    ("tag:yaml.org,2002:int", r"[-+]?[0-9]+(?:_[0-9]+)*", [*"-+0123456789"]),
    (
        "tag:yaml.org,2002:float",
        r"[-+]?(?:[0-9]+(?:_[0-9]+)*\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
        r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        [*"-+.0123456789"],
    ),
)


class NotReadableError(Exception):
    """The text cannot be read: `what` is wrong on `line`, counted from 1."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line, self.what = line, what


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.depth = self.nodes = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        line = event.start_mark.line + 1
        if getattr(event, "tag", None) is not None:
            raise NotReadableError(line, "tags are not allowed (a value starts with '!')")
        self.nodes += 1
        _check_size(line, self.nodes, self.depth)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


class _Dumper(yaml.SafeDumper):
    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012

    def ignore_aliases(self, data: Any) -> bool:
        return True


for _tag, _pattern, _first in _WORDS:
    for _kind in (_Loader, _Dumper):
        _kind.add_implicit_resolver(_tag, re.compile(f"^(?:{_pattern})$"), _first)


@dataclass(slots=True)
class Tree:
    """Plain data, and where each path in it stands: a line of the file, or the text of an override."""

    value: Any
    places: dict[Path, int | str] = field(default_factory=dict)

    def place(self, path: Path) -> int | str:
        """The place of a path, or of the nearest one above it."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, 1)


def read_yaml(text: str) -> Tree:
    """The one document in the text; the value is None where there is nothing. Raises NotReadableError."""
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
        builder = _Builder()
        return Tree(None if root is None else builder.build(root, (), 0), builder.places)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise NotReadableError(line, f"not valid YAML: the character {chr(error.character)!r}") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = error.problem or "cannot be read"
        # "expected a single document" / "but found another": only together do they make sense.
        what = f"{error.context}, {problem}" if problem.startswith("but ") else problem
        raise NotReadableError(mark.line + 1 if mark else 1, f"not valid YAML: {what}") from None


def write_yaml(value: Any) -> str:
    """YAML text that `read_yaml` turns into the same data."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, default_flow_style=None, allow_unicode=True, width=110)


@dataclass(slots=True)
class _Builder:
    places: dict[Path, int | str] = field(default_factory=dict)
    nodes: int = 0

    def build(self, node: yaml.Node, path: Path, depth: int) -> Any:
        line = node.start_mark.line + 1
        self.nodes += 1
        _check_size(line, self.nodes, depth)
        self.places.setdefault(path, line)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*path, index), depth + 1) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, depth)
        return _scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: Path, depth: int) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            key = _scalar(key_node) if isinstance(key_node, yaml.ScalarNode) else self.build(key_node, path, depth + 1)
            if not isinstance(key, str):
                raise NotReadableError(line, f"a key must be text, not {shown(key)}")
            if key in mapping:
                first = self.places[(*path, key)]
                raise NotReadableError(line, f"the key {shown(key)} is there twice (first on line {first})")
            self.places[(*path, key)] = line
            mapping[key] = self.build(value_node, (*path, key), depth + 1)
        return mapping


def _check_size(line: int, nodes: int, depth: int) -> None:
    if nodes > MOST_NODES:
        raise NotReadableError(line, f"too large: more than {MOST_NODES} values, aliases written out")
    if depth > DEEPEST:
        raise NotReadableError(line, "nested too deeply")


def _scalar(node: yaml.Node) -> Any:
    kind, text = node.tag.rpartition(":")[2], node.value
    match kind:
        case "null":
            return None
        case "bool":
            return text.lower() == "true"
        case "float":
            return float(text.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan"))
        case "int":
            try:
                return int(text.replace("_", ""))
            except ValueError:
                raise NotReadableError(node.start_mark.line + 1, "a number with too many digits") from None
    return text
