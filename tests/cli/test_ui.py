"""`hpsearch ui`: MLflow's pages over the workspace, on 127.0.0.1 only."""

from __future__ import annotations

import json
import re
import signal
import socket
import sqlite3
import urllib.request
from pathlib import Path

import psutil
import pytest

from tests.cli.command import ended, hpsearch, start


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_without_a_record_there_is_nothing_to_serve(tmp_path: Path) -> None:
    result = hpsearch("ui", "--home", tmp_path / "home")
    assert (result.code, result.out) == (2, "")
    assert result.lines == [f"error: there is no MLflow record in {tmp_path}/home yet; hpsearch run FILE makes one"]
    assert list(tmp_path.iterdir()) == []


def test_a_port_in_use_is_said_with_another_to_take(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").touch()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = hpsearch("ui", "--home", tmp_path, "--port", port)
    assert (result.code, result.out) == (1, "")
    assert result.lines == [f"error: port {port} is in use; another one: hpsearch ui --port {port % 65535 + 1}"]


def test_a_record_on_a_server_is_not_served_again(tmp_path: Path) -> None:
    result = hpsearch("ui", "--home", tmp_path, "--tracking-uri", "http://127.0.0.1:1")
    assert (result.code, len(result.lines)) == (2, 1)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_the_runs_are_served_until_ctrl_c_and_no_process_is_left(kind: signal.Signals, mirrored_home: Path) -> None:
    port = free_port()
    process = start("ui", "--home", mirrored_home, "--port", port)
    assert process.stdout is not None
    assert process.stdout.readline() == f"MLflow is at http://127.0.0.1:{port} (Ctrl-C ends it)\n"

    def ask(path: str, **body: object) -> bytes:
        address = f"http://127.0.0.1:{port}/{path}"
        data = json.dumps(body).encode() if body else None
        request = urllib.request.Request(address, data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            content: bytes = answer.read()
        return content

    assert b"MLflow" in ask("")
    found = json.loads(ask("ajax-api/2.0/mlflow/experiments/search", max_results=10))["experiments"]
    study = next(experiment for experiment in found if experiment["name"] == "small")
    runs = json.loads(ask("ajax-api/2.0/mlflow/runs/search", experiment_ids=[study["experiment_id"]]))["runs"]
    assert len(runs) == 5
    processes = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    assert {c.laddr.ip for p in processes for c in p.net_connections() if c.status == "LISTEN"} == {"127.0.0.1"}
    process.send_signal(kind)
    result = ended(process)
    assert result.code == 130
    assert "Traceback" not in result.err
    assert result.lines[-1] == "stopped"
    _, alive = psutil.wait_procs(processes[1:], timeout=5)
    assert alive == []


def test_a_report_leads_to_the_study_in_mlflow(mirrored_home: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert hpsearch("report", "small", "--home", mirrored_home, "--output", page).code == 0
    (link,) = re.findall(r'<a href="http://127.0.0.1:5000/#/experiments/(\d+)/runs/(\w+)">', page.read_text())
    database = sqlite3.connect(mirrored_home / "mlflow.db")
    found = database.execute("SELECT experiment_id, run_uuid FROM runs WHERE name = 'small'").fetchall()
    database.close()
    assert [(str(experiment), run) for experiment, run in found] == [link]
