"""The house has floors: every import, lazy ones too, goes down, and no file is long."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import hpsearch

PACKAGE = Path(hpsearch.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
LONGEST = 400

# A room is a module or a package right under hpsearch; rooms of one floor don't know each other.
FLOORS = {
    "errors": 1, "events": 1, "declarations": 1, "files": 1, "cache": 1, "leaving": 1, "urls": 1,
    "registry": 2, "tracking": 2,
    "training": 3, "space": 3,
    "execution": 4, "search": 4,
    "run": 5, "reports": 5,
    "cli": 7, "__main__": 8,
}  # fmt: skip
# What floor 1 may lean on: plain data has a didactic order of its own.
WITHIN_FLOOR = {("declarations", "events"), ("cache", "files")}
OWNERS = {"optuna": {"search", "cli"}, "mlflow": {"tracking"}, "plotly": {"reports"}}


def room(file: Path) -> str:
    first = file.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imported(file: Path) -> list[tuple[int, str]]:
    """(line, module) of every import in the file, those inside functions too."""
    found = []
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno}: relative imports hide the floor"
            assert node.module
            found += [(node.lineno, f"{node.module}.{alias.name}") for alias in node.names]
    return found


def test_every_room_has_a_floor() -> None:
    rooms = {room(file) for file in FILES if file != PACKAGE / "__init__.py"}
    assert rooms == set(FLOORS)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_imports_go_down(file: Path) -> None:
    here = room(file)
    for line, module in imported(file):
        parts = module.split(".")
        if parts[0] != "hpsearch" or len(parts) < 2 or parts[1] not in FLOORS or parts[1] == here:
            continue
        assert here in FLOORS, f"{file}:{line}: hpsearch/__init__.py imports nothing of its own"
        lower = FLOORS[parts[1]] < FLOORS[here] or (here, parts[1]) in WITHIN_FLOOR
        assert lower, f"{file}:{line}: {here} (floor {FLOORS[here]}) imports {parts[1]} (floor {FLOORS[parts[1]]})"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_each_library_has_its_room(file: Path) -> None:
    for line, module in imported(file):
        owners = OWNERS.get(module.split(".")[0])
        assert owners is None or room(file) in owners, f"{file}:{line}: {module} is only for {owners}"


def test_a_coordinator_of_workers_imports_no_pytorch_and_no_database() -> None:
    code = """
import sys
from pathlib import Path
import hpsearch.cli.session, hpsearch.execution.processes
from hpsearch.cli.workspace import Workspace
Workspace(Path("studies")).resume("digits")
print({"torch", "sklearn", "sqlalchemy"} & {*sys.modules})
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_no_file_is_long(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= LONGEST


def test_no_function_is_long() -> None:
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno is not None
                assert node.end_lineno - node.lineno < 60, f"{file}:{node.lineno}: {node.name}"
