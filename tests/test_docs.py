"""The documentation is true: its commands and its Python run, its study files are valid, its links lead somewhere.

Shell blocks run in bash, line by line, in one folder a page. There `hpsearch` is a wrapper that makes every run
small, and `make` and `pip` only check that the target or the folder is there.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from optuna.storages import InMemoryStorage

from hpsearch import registry
from hpsearch.execution.executor import Job
from hpsearch.execution.inline import InlineExecutor
from hpsearch.run import Coordinator
from hpsearch.search.study import SearchStudy
from hpsearch.space.load import load_study, parse_study
from hpsearch.training.config import configure, signature
from hpsearch.training.data.arrays import Source
from tests.fakes import FakeRecord
from tests.generate_commands import reference

ROOT = Path(__file__).parents[1]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
QUICK = {"README.md"}  # its commands run in `make test`, those of the others in `make test-slow`
BENCHMARKS = "".join(file.read_text(encoding="utf-8") for file in sorted((ROOT / "benchmarks").glob("*.py")))
SMALL = "--set hyperparameters.epochs=1"

HPSEARCH = f"""#!/bin/sh
hpsearch() {{ "{sys.executable}" -m hpsearch "$@"; }}
case "$*" in *--watch*) hpsearch "$@" --help; exit ;; esac
case "$1" in
  run) hpsearch "$@" --trials 3 {SMALL} ;;
  resume) hpsearch "$@" --trials 4 {SMALL} ;;
  ui | stop | pause) hpsearch "$@" --help ;;
  *) hpsearch "$@" ;;
esac
"""
MAKE = f"""#!/bin/sh
grep -q "^$1:" "{ROOT}/Makefile"
"""
PIP = f"""#!/bin/sh
[ "$1" = install ] && cd "{ROOT}" && for last; do :; done && [ -d "$last" ]
"""


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path, language: str) -> list[str]:
    return [code for kind, code in FENCE.findall(page.read_text(encoding="utf-8")) if kind == language]


def slow_but(quick: set[str], pages: list[Path]) -> list[Any]:
    return [pytest.param(page, id=name(page), marks=[] if name(page) in quick else pytest.mark.slow) for page in pages]


@pytest.fixture
def shell(tmp_path: Path) -> Callable[[str], str]:
    """Runs a script in a folder with the README's study file and returns what it printed."""
    for program, text in {"hpsearch": HPSEARCH, "make": MAKE, "pip": PIP}.items():
        path = tmp_path / "bin" / program
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "study.yaml").write_text(readme_study())
    kept = {key: value for key, value in os.environ.items() if key not in ("OPTUNA_STORAGE", "MLFLOW_TRACKING_URI")}
    environment = kept | {"PATH": f"{tmp_path / 'bin'}{os.pathsep}{kept['PATH']}", "OMP_NUM_THREADS": "1"}
    environment.pop("HPSEARCH_HOME", None)

    def run(script: str) -> str:
        done = subprocess.run(
            ["bash", "-e", "-u", "-o", "pipefail", "-c", script],
            cwd=folder, env=environment, capture_output=True, text=True, timeout=900, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    return run


def readme_study() -> str:
    (study,) = (code for code in blocks(ROOT / "README.md", "yaml") if code.startswith("# study.yaml\n"))
    return study


@pytest.mark.parametrize("page", slow_but(QUICK, [page for page in PAGES if blocks(page, "sh")]))
def test_the_commands_of_a_page_run_one_after_the_other(page: Path, shell: Callable[[str], str]) -> None:
    shell("\n".join(blocks(page, "sh")))


def test_a_command_that_is_wrong_would_be_seen(shell: Callable[[str], str]) -> None:
    for wrong in ("make nothing", "pip install ./nowhere", "hpsearch validate nothing.yaml", "false | true"):
        with pytest.raises(AssertionError):
            shell(wrong)


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "yaml")], ids=name)
def test_the_study_files_of_a_page_are_valid(page: Path) -> None:
    for code in blocks(page, "yaml"):
        if re.search(r"^name:", code, re.MULTILINE):
            assert parse_study(code, file=name(page)).space.searched


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which digits_mlp has run with few and short trials."""
    folder = tmp_path_factory.mktemp("workspace")
    command = [sys.executable, "-m", "hpsearch", "run", "digits_mlp", "-n", "4", *SMALL.split(), "-q"]
    subprocess.run(command, cwd=folder, check=True, timeout=120)
    return folder


def pieces(page: Path) -> Iterator[tuple[str, str]]:
    """The Python blocks that begin with the path of the file they belong to: path, code."""
    for code in blocks(page, "python"):
        path = re.match(r"# (hpsearch/\S+\.py)\n", code)
        if path:
            yield path[1], code


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python")], ids=name)
def test_the_python_of_a_page_runs(page: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workspace)
    parts = {code for _, code in pieces(page)}
    for code in blocks(page, "python"):
        if code not in parts:
            exec(compile(code, name(page), "exec"), {"__name__": "example"})


def test_the_best_network_of_the_guide_scores_what_the_study_says(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(workspace)
    (code,) = (code for code in blocks(ROOT / "docs/guide.md", "python") if "load_state_dict" in code)
    found: dict[str, Any] = {"__name__": "example"}
    exec(compile(code, "guide.md", "exec"), found)
    assert found["accuracy"] == pytest.approx(found["best"]["dev_accuracy"], abs=1e-12)


STUDY = """
name: pieces
data: iris
model: residual
hyperparameters:
  optimizer: [adagrad, adam]
  dropout: {low: 0.0, high: 0.5}
  learning_rate: {low: 1e-3, high: 1e-1, log: true}
  width: 8
  batch_size: 16
  epochs: 2
search: {sampler: independent_tpe, trials: 14, slots: 4}
"""


def test_the_pieces_of_the_guide_train_together_and_the_same_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_pieces(ROOT / "docs/guide.md", monkeypatch)
    outcomes = []
    for stack in (1, 8):
        study = SearchStudy(InMemoryStorage(), parse_study(STUDY, file="pieces.yaml"), STUDY)
        source = Source(**study.file.data.model_dump())
        executor = InlineExecutor(
            Job(source, "residual", "cpu", stack, tmp_path, "dev_accuracy", "maximize", every=60.0, disk=10**9)
        )
        coordinator = Coordinator(study, executor, FakeRecord())
        while coordinator.step():
            pass
        executor.close()
        outcomes.append([(trial.values, trial.history.metrics) for trial in study.record().trials])
    assert len(outcomes[0]) == 14
    assert outcomes[0] == outcomes[1]


def add_pieces(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the guide's pieces where it says, and their lines into the registry."""
    lines = re.findall(r'^`"(\w+)": \{…, "(\w+)": "([\w.]+):(\w+)"\}`$', page.read_text(encoding="utf-8"), re.MULTILINE)
    modules = {path.removesuffix(".py").replace("/", "."): code for path, code in pieces(page)}
    assert {module for _, _, module, _ in lines} == set(modules)
    for table, entry, place, attribute in lines:
        module = ModuleType(f"guide_{entry}")
        if (ROOT / f"{place.replace('.', '/')}.py").exists():  # an addition to a file that is there
            vars(module).update(vars(sys.modules.get(place) or __import__(place, fromlist=["*"])))
        exec(compile(modules[place], place, "exec"), vars(module))
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setitem(registry.TABLES[table], entry, f"{module.__name__}:{attribute}")


def test_the_guide_names_what_all_trials_of_a_stack_share() -> None:
    text = (ROOT / "docs/guide.md").read_text(encoding="utf-8").partition("## Making it fast")[2]
    told = set(re.findall(r"`(\w+)`", text.partition("All other hyperparameters")[0]))
    assert told == {key for key, _ in signature(configure({}))}


def test_the_reference_of_the_commands_is_the_commands() -> None:
    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert text == reference(), "docs/commands.md is behind; write it again with: python -m tests.generate_commands"


def test_the_readme_lists_every_command() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `hpsearch (\w+)", text, re.MULTILINE)
    assert told == re.findall(r"^## (\w+)$", reference(), re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_and_paths_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in LINK.findall(text):
        if target.startswith("https://"):
            continue
        path, _, heading = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), target
        assert not heading or heading in headings(file), target
    for path in re.findall(r"`((?:hpsearch|tests|docs|search_spaces|dashboards|benchmarks)/[\w./-]*)`", text):
        assert (ROOT / path).exists(), path


def headings(page: Path) -> set[str]:
    """The anchors of a page, as they are made from its headings."""
    found = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in found}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_page_names_no_machine_and_leaves_nothing_to_do(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert re.findall(r"(?:/home/|/Users/|/root\b|/work/|/tmp/|[A-Z]:\\)\S*", text) == []
    assert re.findall(r"\b(?:TODO|FIXME|XXX|TBD|lorem)\b", text, re.IGNORECASE) == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_and_options_in_the_text_are_there(page: Path) -> None:
    text, known = page.read_text(encoding="utf-8"), reference()
    for command in re.findall(r"`hpsearch ([a-z]+)", text):
        assert f"\n## {command}\n" in known, command
    for option in re.findall(r"`(--?[a-z][\w-]*)", text):
        of_command = re.search(rf"^\| `(?:\S+, )?{option}\b", known, re.MULTILINE)
        assert of_command or option == "--help" or f'"{option}"' in BENCHMARKS, option


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) < 150


def test_the_numbers_of_the_readme_are_those_of_the_study_file() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    total = load_study("digits_mlp").search.trials
    assert f"digits-mlp: {total} of {total} trials" in text
    assert f"1 parent and {total} child runs" in text
