"""URLs as they may be shown."""

from __future__ import annotations

import pytest

from hpsearch.urls import without_password


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (
            "postgresql://me:secret@host/x?password=secret&timeout=3",
            "postgresql://me:***@host/x?password=%2A%2A%2A&timeout=3",
        ),
        ("sqlite:///studies.db", "sqlite:///studies.db"),
        ("host:secret", "(not a URL)"),
    ],
)
def test_a_url_is_shown_without_its_password_wherever_that_stands(url: str, shown: str) -> None:
    assert without_password(url) == shown
