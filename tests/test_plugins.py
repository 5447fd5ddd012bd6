"""Samplers of other packages: the guide's example, installed as pip would install it, and what goes wrong."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from hpsearch import registry
from hpsearch.errors import InputError
from tests.cli.command import environment, hpsearch, light, trials, write_study

GUIDE = (Path(__file__).parents[1] / "docs" / "guide.md").read_text(encoding="utf-8")


def installed(folder: Path, code: str | None = None, name: str = "near_best") -> Path:
    """A folder that holds the guide's package with its metadata; `code` is another module in its place."""
    (written,) = re.findall(r"^```python\n(# my_samplers\.py\n.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)
    examples = re.findall(r"^```toml\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)
    (declared,) = (tomllib.loads(text)["project"] for text in examples if "hpsearch.sampler" in text)
    ((_, place),) = declared["entry-points"]["hpsearch.sampler"].items()
    (folder / "my_samplers.py").write_text(written if code is None else code, encoding="utf-8")
    metadata = folder / "my_samplers-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {declared['name']}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[hpsearch.sampler]\n{name} = {place}\n")
    return folder


@pytest.fixture
def fresh() -> Iterator[None]:
    """Packages that are installed during a test are found, and forgotten after it.

    The help names the samplers that there are when its command is imported, so that is done before there are more.
    """
    importlib.import_module("hpsearch.cli.run")
    yield
    sys.modules.pop("my_samplers", None)


@pytest.mark.usefixtures("fresh")
def test_the_sampler_of_the_guide_is_one_like_any_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "packages").mkdir()
    packages, home = installed(tmp_path / "packages"), tmp_path / "home"
    study = write_study(tmp_path, trials=6, epochs=1)
    plain = ["run", study, "--home", home, "--sampler", "near_best"]
    wide = [*plain, "--set", "search.sampler.spread=0.4", "--set", "name=wide"]
    with light(), monkeypatch.context() as patched:
        patched.syspath_prepend(packages)
        assert hpsearch(*plain).code == 0
        assert "sampler near_best (spread 0.4)," in hpsearch(*wide).err
        found = [trials(home, name) for name in ("small", "wide")]
        wrong = hpsearch(*plain, "--set", "search.sampler.spred=0.4")
        assert (wrong.code, len(wrong.lines)) == (2, 1)
        assert "near_best has no such option; did you mean 'spread'?" in wrong.err
    assert [len(told) for told in found] == [6, 6]
    assert found[0][0]["params"] == found[1][0]["params"]
    assert found[0][-1]["params"] != found[1][-1]["params"]

    assert len(trials(home, "wide")) == 6
    gone = hpsearch("resume", "wide", "--home", home, "--trials", "7")
    assert (gone.code, len(gone.lines)) == (2, 1)
    assert gone.err.startswith("error: study wide:")
    assert "there is no sampler 'near_best'" in gone.err
    assert hpsearch("compare", "small", "wide", "--home", home, "-o", tmp_path / "page.html").code == 0


def test_the_help_names_it(tmp_path: Path) -> None:
    installed(tmp_path)
    command = [sys.executable, "-m", "hpsearch", "run", "--help"]
    env = environment(PYTHONPATH=f"{tmp_path}{os.pathsep}{Path(__file__).parents[1]}")
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, env=env).stdout
    assert "near_best" in said
    assert all(name in said for name in registry.TABLES["sampler"])


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize("code", ["import there_is_no_such_module", "x = 1 / 0", "x = 1", "def broken(:"])
def test_a_package_that_cannot_be_loaded_gets_one_line(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(installed(tmp_path, code))
    monkeypatch.delitem(sys.modules, "my_samplers", raising=False)
    assert registry.names("sampler")[-1] == "near_best"
    with pytest.raises(InputError, match=r"'near_best' of an installed package .* cannot be imported"):
        registry.load("sampler", "near_best")


@pytest.mark.usefixtures("fresh")
def test_no_package_takes_the_place_of_a_sampler_of_hpsearch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = registry.names("sampler")
    monkeypatch.syspath_prepend(installed(tmp_path, name="tpe"))
    assert registry.names("sampler") == before
    assert registry.load("sampler", "tpe").__module__ == "hpsearch.search.samplers"


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize(
    ("fails", "code", "said"),
    [
        ("1 / 0", 1, "sampler 'near_best' failed at trial 0: ZeroDivisionError: division by zero ({where}:5)"),
        ("raise InputError('there is no such spread')", 2, "there is no such spread"),
    ],
)
def test_a_sampler_that_fails_is_named_with_the_line_that_failed_or_says_itself_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str, code: int, said: str
) -> None:
    (tmp_path / "packages").mkdir()
    written = (
        "from hpsearch.errors import InputError\n"
        "from hpsearch.search.samplers import Random\n"
        "class NearBest(Random):\n"
        "    def propose(self, *given):\n"
        f"        {fails}\n"
    )
    packages = installed(tmp_path / "packages", written)
    monkeypatch.syspath_prepend(packages)
    with light():
        result = hpsearch("run", write_study(tmp_path), "--home", tmp_path / "home", "--sampler", "near_best")
    assert result.code == code
    assert result.lines[-1] == "error: " + said.format(where=packages / "my_samplers.py")
