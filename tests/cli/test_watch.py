"""`report --watch`: served here only, written anew as trials end, and a plain report in the end."""

from __future__ import annotations

import http.client
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from hpsearch.cli.watch import Page, serve
from hpsearch.errors import HpsearchError
from tests.cli.command import ended, hpsearch, light, snapshot, start, wait_for, write_study


def ask(port: int, path: str, host: str = "127.0.0.1") -> tuple[int, str]:
    """Status and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers={"Host": f"{host}:{port}"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Page, int]]:
    page = Page(tmp_path / "page.html", "one")
    page.path.write_text("<p>here")
    server = serve(page, 0)
    yield page, server.server_address[1]
    server.shutdown()
    server.server_close()


def test_the_page_and_its_version_are_served_and_nothing_else(served: tuple[Page, int], tmp_path: Path) -> None:
    page, port = served
    (tmp_path / "secret").write_text("secret")
    assert ask(port, "/") == (200, "<p>here")
    assert ask(port, "/version") == (200, "one")
    page.version = "two"
    assert ask(port, "/version") == (200, "two")
    assert ask(port, "/secret")[0] == 404
    assert ask(port, "/../secret")[0] == 404


def test_another_name_that_leads_here_gets_nothing(served: tuple[Page, int]) -> None:
    _, port = served
    assert ask(port, "/", host="evil.example")[0] == 403
    assert ask(port, "/version", host="evil.example")[0] == 403
    assert ask(port, "/", host="localhost")[0] == 200


def test_a_port_that_is_taken_gets_one_line(served: tuple[Page, int]) -> None:
    page, port = served
    with pytest.raises(HpsearchError, match=f"port {port} cannot be used"):
        serve(page, port)


def test_a_port_needs_watching(tmp_path: Path) -> None:
    result = hpsearch("report", "small", "--port", "8000", "--home", tmp_path)
    assert (result.code, len(result.lines)) == (2, 1)
    assert "--port is for --watch" in result.err


def test_pages_of_mlflow_without_a_scheme_are_bad_input(tmp_path: Path) -> None:
    result = hpsearch("report", "small", "--mlflow-pages", "localhost:5000", "--home", tmp_path)
    assert (result.code, len(result.lines)) == (2, 1)
    assert "--mlflow-pages localhost:5000" in result.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_pictures_cannot_be_watched(kind: str, tmp_path: Path) -> None:
    result = hpsearch("report", "small", "--watch", "--format", kind, "--home", tmp_path)
    assert (result.code, len(result.lines)) == (2, 1)
    assert "--watch serves a page, not pictures" in result.err
    assert list(tmp_path.iterdir()) == []


def test_the_page_is_written_anew_as_trials_end_and_is_a_plain_report_in_the_end(tmp_path: Path) -> None:
    home, path = tmp_path / "home", tmp_path / "page.html"
    study = write_study(tmp_path, epochs=1, trials=2)
    with light():
        assert hpsearch("run", study, "--home", home).code == 0
    before = snapshot(home)
    process = start("report", "small", "--watch", "--home", home, "--output", path, bufsize=1)
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        assert said.startswith("the report is at http://127.0.0.1:")
        port = int(said.split(":")[2].split()[0])
        status, page = ask(port, "/")
        _, version = ask(port, "/version")
        assert (status, f'<meta name="version" content="{version}">' in page) == (200, True)
        assert "connect-src &#39;self&#39;" in page
        assert "sessionStorage" in page
        assert page == path.read_text(encoding="utf-8")
        assert snapshot(home) == before
        with light():
            assert hpsearch("run", study, "-n", "3", "--home", home).code == 0
        wait_for(lambda: "<b>3</b> of 3 trials ended" in ask(port, "/")[1], "the third trial's end")
        assert ask(port, "/version")[1] != version
    finally:
        process.send_signal(signal.SIGINT)
        result = ended(process)
    assert (result.code, result.err) == (0, f"report: {path}\n")
    final = path.read_text(encoding="utf-8")
    assert "connect-src" not in final
    assert "sessionStorage" not in final


def test_watching_a_study_that_is_not_there_gets_one_line(tmp_path: Path) -> None:
    result = hpsearch("report", "small", "--watch", "--home", tmp_path)
    assert (result.code, len(result.lines)) == (2, 1)
