"""A record that keeps nothing, for searches that measure something else than the record."""

from __future__ import annotations

from collections.abc import Mapping

from hpsearch.events import Scalar


class Silent:
    """Hears all and says nothing."""

    def recorded(self, kind: str, number: int) -> bool:
        return False

    def trial_started(self, number: int, params: Mapping[str, Scalar], tags: Mapping[str, str], at: float) -> None:
        """Nobody reads it."""

    def epoch(self, number: int, epoch: int, metrics: Mapping[str, float], at: float) -> None:
        """Nobody reads it."""

    def trial_ended(
        self, number: int, status: str, metrics: Mapping[str, float], tags: Mapping[str, str], at: float
    ) -> None:
        """Nobody reads it."""
