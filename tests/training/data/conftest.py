"""No test of data looks outside its own folder, and none asks the network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import pytest
import sklearn.datasets

from hpsearch.training.data import idx


@pytest.fixture(autouse=True)
def _nothing_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def unreachable(*arguments: Any, **named: Any) -> NoReturn:
        raise OSError("no route to host")

    monkeypatch.setattr(sklearn.datasets, "fetch_openml", unreachable)
    monkeypatch.delenv("HPSEARCH_DATA", raising=False)
    monkeypatch.setattr(idx, "FASHION", replace(idx.FASHION, packaged=tmp_path / "packaged"))
