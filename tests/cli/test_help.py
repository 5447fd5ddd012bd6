"""Help: an example for every command, and at once."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

from hpsearch.cli.main import COMMANDS
from tests.cli.command import environment, hpsearch

SLOW_TO_IMPORT = ("torch", "optuna", "mlflow", "pandas", "plotly", "pydantic", "rich", "numpy", "sklearn", "yaml")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_help_with_an_example(name: str) -> None:
    result = hpsearch(name, "--help")
    assert (result.code, result.err) == (0, "")
    assert f"\n  hpsearch {name}" in result.out
    assert "Usage: hpsearch" in result.out


def test_the_help_lists_every_command() -> None:
    result = hpsearch("--help")
    assert result.code == 0
    assert all(f"\n  {name} " in result.out for name in COMMANDS)
    assert hpsearch("-h").out == result.out


def test_the_help_imports_nothing_heavy() -> None:
    code = (
        "import contextlib, io, json, sys\n"
        "from hpsearch.cli.main import main\n"
        "sys.argv = ['hpsearch', '--help']\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n"
        "    main()\n"
        "print(json.dumps(sorted(sys.modules)))\n"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=environment())
    imported = json.loads(answer.stdout)
    assert "hpsearch.cli.main" in imported
    assert set(imported).isdisjoint(SLOW_TO_IMPORT)


@pytest.mark.slow
def test_the_help_takes_less_than_three_tenths_of_a_second_more_than_click() -> None:
    def seconds(*arguments: str) -> float:
        began = time.perf_counter()
        subprocess.run([sys.executable, *arguments], capture_output=True, check=True, env=environment())
        return time.perf_counter() - began

    ours = min(seconds("-m", "hpsearch", "--help") for _ in range(5))
    click = min(seconds("-c", "import click") for _ in range(5))
    assert ours - click < 0.3


def test_without_a_command_the_help_is_shown() -> None:
    result = hpsearch()
    assert result.code == 2
    assert "Usage: hpsearch" in result.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["rnu"], "there is no command 'rnu'; did you mean 'run'?"),
        (["run"], "Missing argument 'FILE'."),
        (["run", "--trails", "3"], "'--trials'"),
        (["status", "--format", "xml"], "'xml' is not one of"),
        (["ui", "--port", "70000"], "70000 is not in the range"),
    ],
)
def test_a_wrong_call_gets_one_line(arguments: list[str], said: str) -> None:
    result = hpsearch(*arguments)
    assert (result.code, result.out, len(result.lines)) == (2, "", 1)
    assert result.err.startswith("error: ")
    assert said in result.err


def test_the_version_is_told() -> None:
    assert hpsearch("--version").out.startswith("hpsearch, version ")
