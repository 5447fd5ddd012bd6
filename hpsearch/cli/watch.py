"""`hpsearch report STUDY --watch`: the page of a study that runs, served here and written anew as trials end."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from hpsearch.cli.printing import say
from hpsearch.errors import HpsearchError

LOOK_SECONDS = 1.0
SHARE = 0.1  # of the time may go into looking and writing: the run has better use for the processor
LOCAL = ("127.0.0.1", "localhost")


@dataclass(slots=True)
class Page:
    """The file, and a name for its version that changes whenever it is written anew."""

    path: Path
    version: str = ""


def serve(page: Page, port: int) -> ThreadingHTTPServer:
    """A server for the page at / and its version at /version, on 127.0.0.1 only, in a thread of its own.

    Raises HpsearchError for a port that is taken; 0 is any free one.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            # A page of elsewhere could reach us by a name of its own that leads here.
            host = (self.headers.get("Host") or "").rpartition(":")[0]
            if host not in LOCAL:
                self._answer(403, "text/plain", b"only from this machine\n")
            elif self.path == "/version":
                self._answer(200, "text/plain", page.version.encode())
            elif self.path == "/":
                self._answer(200, "text/html", page.path.read_bytes())
            else:
                self._answer(404, "text/plain", b"there is only the report here\n")

        def _answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_request(self, code: Any = "-", size: Any = "-") -> None:
            """Say nothing of each request."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        allow_reuse_address = False

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A browser that has gone away in the midst of an answer is no news."""

    try:
        server = Server(("127.0.0.1", port), Handler)
    except OSError as error:
        raise HpsearchError(f"port {port} cannot be used: {error.strerror}") from None
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def watch(state: Callable[[], str], write: Callable[[str], Path], path: Path, port: int) -> int:
    """Serve what `write(version)` writes, whenever `state()` says something new, until Ctrl-C. Returns the exit code.

    `state` names how the study stands. In the end the page is written once more by `write("")`: one that looks for no
    news.
    """
    if hasattr(os, "nice"):
        os.nice(5)  # training comes first
    console, page = Console(stderr=True), Page(path)
    standing = state()
    write(standing)
    page.version = standing
    server = serve(page, port)
    click.echo(f"the report is at http://127.0.0.1:{server.server_address[1]} (Ctrl-C ends it)")
    pause = LOOK_SECONDS
    try:
        while True:
            time.sleep(pause)
            began = time.monotonic()
            now = state()
            if now != standing:
                write(now)
                standing = page.version = now
            pause = max(LOOK_SECONDS, (time.monotonic() - began) / SHARE)
    except KeyboardInterrupt:
        server.shutdown()
        server.server_close()
        say(console, f"report: {write('')}")
        return 0
