"""The wheel has everything in it, and works away from the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", str(ROOT), "--no-deps", "--wheel-dir", str(folder))
    (built,) = folder.glob("hpsearch-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel's content, to be put before the packages of this environment."""
    folder = tmp_path_factory.mktemp("installed")
    pip("install", str(wheel), "--no-deps", "--target", str(folder))
    return folder


def pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", *arguments, "--quiet", "--disable-pip-version-check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr


def python(installed: Path, folder: Path, *arguments: str) -> str:
    """What Python prints in a folder of its own, with the installed wheel first on its path."""
    environment = os.environ | {"PYTHONPATH": str(installed), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_holds_every_file_that_the_program_reads(wheel: Path) -> None:
    held = {member for member in zipfile.ZipFile(wheel).namelist() if not member.endswith("/")}
    package = {f"hpsearch/{file.relative_to(ROOT / 'hpsearch').as_posix()}" for file in sources(ROOT / "hpsearch")}
    data = {
        f"hpsearch/{folder}/{file.name}"
        for folder in ("search_spaces", "dashboards")
        for file in sources(ROOT / folder)
    }
    assert {f"hpsearch/reports/page.{kind}" for kind in ("html.j2", "css", "js")} <= package
    assert {"hpsearch/search_spaces/digits_mlp.yaml", "hpsearch/dashboards/study.yaml"} <= data
    assert {member for member in held if not member.startswith("hpsearch-")} == package | data
    assert {member.partition("/")[2] for member in held} >= {"licenses/LICENSE", "entry_points.txt"}


def sources(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file() and "__pycache__" not in file.parts]


def test_the_wheel_works_away_from_the_checkout(installed: Path, tmp_path: Path) -> None:
    place = python(installed, tmp_path, "-c", "import hpsearch; print(hpsearch.__file__)")
    assert Path(place.strip()).is_relative_to(installed)
    said = python(installed, tmp_path, "-m", "hpsearch", "validate", "digits_mlp")
    assert said.startswith("digits-mlp: mlp on digits")
    python(installed, tmp_path, "-c", "from hpsearch.reports.dashboard import load_dashboard; load_dashboard('study')")
    assert (installed / "bin" / "hpsearch").exists()
    assert list(tmp_path.iterdir()) == []


def test_the_wheel_runs_a_small_study_to_its_report(installed: Path, tmp_path: Path) -> None:
    small = ["-n", "2", "--set", "hyperparameters.epochs=1", "-q"]
    python(installed, tmp_path, "-m", "hpsearch", "run", "digits_mlp", *small)
    assert (tmp_path / "studies" / "reports" / "digits-mlp.html").stat().st_size > 1_000_000
