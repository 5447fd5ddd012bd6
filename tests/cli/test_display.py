"""What is shown while a study runs: never wider than the terminal, gone at the end, plain lines elsewhere."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from optuna.storages import InMemoryStorage
from rich.console import Console
from rich.text import Text

from hpsearch.cli import display
from hpsearch.cli.workspace import Workspace
from hpsearch.run import Coordinator
from tests.fakes import FakeExecutor, FakeRecord
from tests.test_run import open_study

LONG = "a-study-with-a-rather-long-name-of-sixty-four-letters-0123456789"


def coordinator() -> Coordinator:
    return Coordinator(open_study(InMemoryStorage()), FakeExecutor(), FakeRecord())


@pytest.mark.parametrize("width", [40, 60, 110, 250])
@pytest.mark.parametrize("name", ["s", LONG])
def test_no_line_of_the_live_display_is_wider_than_the_terminal(width: int, name: str) -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=width, color_system=None)
    run = coordinator()
    shown = display.display(console, name, "dev_accuracy", 24)
    assert isinstance(shown, display.LiveDisplay)
    while run.step():
        shown.update(run)
        with console.capture() as capture:
            console.print(shown._draw())
        lines = Text.from_ansi(capture.get()).plain.splitlines()
        assert len(lines) == 4
        assert max(map(len, lines)) <= min(width, display.WIDEST)
        assert f"{run.tally.finished} of 24" in lines[0]
    assert lines[1].startswith("best dev_accuracy 0.")
    assert "trials/s" in lines[2]
    assert "under way" in lines[3]


def test_the_live_display_leaves_nothing_behind() -> None:
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=80)
    run = coordinator()
    with display.display(console, "s", "dev_accuracy", 24) as shown:
        while run.step():
            shown.update(run)
    # It goes up its four lines, erasing each, and shows the cursor again.
    assert written.getvalue().rstrip().endswith("\x1b[1A\x1b[2K" * 4)
    assert written.getvalue().count("\x1b[?25h") == 1


def test_a_request_to_stop_is_shown_at_once() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=80)
    shown = display.display(console, "s", "dev_accuracy", 24)
    assert isinstance(shown, display.LiveDisplay)
    shown.stopping()
    with console.capture() as capture:
        console.print(shown._draw())
    assert display.STOPPING in capture.get()


def test_without_a_terminal_there_is_a_line_every_few_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    now = [0.0]
    monkeypatch.setattr("hpsearch.cli.display.time.monotonic", lambda: now[0])
    run = coordinator()
    with display.display(Console(file=written), LONG, "dev_accuracy", 24) as shown:
        assert isinstance(shown, display.PlainDisplay)
        while run.step():
            now[0] += 0.5
            shown.update(run)
    lines = written.getvalue().splitlines()
    assert len(lines) == int(now[0] / display.PLAIN_SECONDS)
    assert all(line.startswith(f"{LONG}: ") for line in lines)
    assert " of 24 trials, best dev_accuracy 0." in lines[-1]
    assert "\x1b" not in written.getvalue()


def test_a_hint_can_be_typed_where_the_command_is_not_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", [".venv/bin/hpsearch", "run"])
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert Workspace(Path("studies")).browse() == ".venv/bin/hpsearch ui"
    monkeypatch.setattr("shutil.which", lambda name: "/usr/bin/hpsearch")
    assert Workspace(Path("my studies")).browse() == "hpsearch ui --home 'my studies'"
