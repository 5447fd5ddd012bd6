"""Data inside a page: JSON in a <script> that no name or message of a user can end."""

from __future__ import annotations

import json
from typing import Any

from markupsafe import Markup


def embedded(data: Any) -> Markup:
    """The data, or JSON text, without any character that HTML gives a meaning. Raises ValueError for NaN."""
    text = data if isinstance(data, str) else json.dumps(data, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704  (see above)
