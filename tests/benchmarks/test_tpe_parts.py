"""What each part of TPE brings: a search without one is another search, and the part is there again afterwards."""

from __future__ import annotations

import sys
from unittest.mock import patch

import pytest

from benchmarks import tpe_parts
from benchmarks.efficiency import regrets, search
from benchmarks.problems import more, problems
from benchmarks.tpe_parts import WITHOUT, without


def test_without_a_part_it_is_another_search() -> None:
    (branin, *_) = problems()

    def searched(sampler: str = "tpe") -> list[float]:
        return search(branin, sampler, 8, 50, 0)

    whole, others = searched(), [searched("plain")]
    for part in WITHOUT:
        with without(part):
            others.append(searched())
        assert searched() == whole
    assert len({tuple(losses) for losses in (whole, *others)}) == 2 + len(WITHOUT)


def test_every_way_to_search_has_a_row_for_each_problem(capsys: pytest.CaptureFixture[str]) -> None:
    parts = ("whole", *WITHOUT)
    random = regrets(problems()[0], "random", 1, 30, 2)
    with (
        patch.object(sys, "argv", ["tpe_parts", "--quick", "--seeds", "2"]),
        patch.object(tpe_parts, "measure", lambda *_: dict.fromkeys(parts, random)),
    ):
        assert tpe_parts.main() == 0
    printed = capsys.readouterr().out
    assert printed.count("whole") == printed.count("without crossing") == len([*problems(), *more()])
