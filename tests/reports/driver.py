"""A browser that a test can click in: chromedriver's own protocol (WebDriver), as far as the tests need it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

DRIVER = shutil.which("chromedriver")


class Browser:
    """A headless Chromium; errors of the protocol are HTTPError."""

    def __init__(self, address: str, binary: str) -> None:
        self._at = f"{address}/session"
        options = {"binary": binary, "args": ["--headless", "--no-sandbox", "--disable-gpu"]}
        wanted = {"goog:chromeOptions": options, "unhandledPromptBehavior": "ignore"}
        self._at += "/" + self._ask("POST", "", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._at + path, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def open(self, address: str) -> None:
        """Go there, and wait until it is loaded."""
        self._ask("POST", "/url", {"url": address})

    def run(self, script: str) -> Any:
        """What a function with this body returns."""
        return self._ask("POST", "/execute/sync", {"script": script, "args": []})

    def end(self) -> None:
        """Close it."""
        self._ask("DELETE", "")


@contextmanager
def browser(binary: str) -> Iterator[Browser]:
    """One that is closed in the end, whatever happens."""
    process = subprocess.Popen([str(DRIVER), "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        said = iter(process.stdout)
        port = next(found[1] for line in said if (found := re.search(r"started successfully on port (\d+)", line)))
        made = Browser(f"http://127.0.0.1:{port}", binary)
        try:
            yield made
        finally:
            made.end()
    finally:
        process.terminate()
        process.communicate(timeout=10)
