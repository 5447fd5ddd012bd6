"""The end of a process that somebody waits for."""

from __future__ import annotations

import os
import sys
from typing import NoReturn


def leave(code: int) -> NoReturn:
    """End this process now: to take apart what PyTorch or MLflow have made takes Python most of a second."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
