"""What MLflow will never take: said once in the log, counted, and holding nothing else up."""

from __future__ import annotations

from collections.abc import Callable


class Faults:
    """The faults of one mirror. `len` is their number."""

    def __init__(self, log: Callable[[str], None]) -> None:
        self._log = log
        self._faults: set[str] = set()
        self._failures: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._faults)

    def add(self, what: str, why: object) -> None:
        if what not in self._faults:
            self._faults.add(what)
            self._log(f"not sent: {what}: {why}")

    def failed(self, what: str) -> int:
        """How many times this has failed, now included."""
        self._failures[what] = self._failures.get(what, 0) + 1
        return self._failures[what]
