"""Search efficiency: problems whose values are known, and what is made of the regrets."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from benchmarks import digits_table
from benchmarks.efficiency import Regrets, compared, measure, search, table
from benchmarks.problems import CENTRE, COORDINATES, ackley, branin, digits, ellipsoid, hartmann, more, problems
from hpsearch.events import Scalar


def at(*places: float) -> dict[str, float]:
    return dict(zip(COORDINATES, places, strict=False))


def test_the_functions_have_their_known_least_values() -> None:
    least = {problem.name: problem.least for problem in problems()}
    for x, y in ((-np.pi, 12.275), (np.pi, 2.275), (9.42478, 2.475)):
        assert branin(at((x + 5) / 15, y / 15)) == pytest.approx(least["Branin"], abs=1e-5)
    assert ackley(at(*[0.37] * 5)) == pytest.approx(0.0, abs=1e-12)
    assert ackley(at(*[0.42] * 5)) == pytest.approx(3.6254, abs=1e-4)  # x = 1: the next pit
    assert ellipsoid(at(*CENTRE)) == 0.0
    assert ellipsoid(at(*(CENTRE + np.eye(8)[2] / 10))) == pytest.approx(10**0.5 / 10)
    deepest = at(0.20169, 0.150011, 0.476874, 0.275332, 0.311652, 0.6573)
    assert hartmann(deepest) == pytest.approx(least["Hartmann-6"], abs=1e-4)


def test_every_problem_has_a_space_of_which_its_loss_can_be_told() -> None:
    for problem in (*problems(), *more()):
        assert min(search(problem, "random", 1, 3, 0)) > problem.least


def test_the_table_has_every_cell_and_finds_the_nearest() -> None:
    known = digits_table.read()
    sizes = [len(set(column)) for column in zip(*known, strict=True)]
    assert len(known) == np.prod(sizes)
    assert all(loss > 0 for loss in known.values())
    values: dict[str, Scalar] = {"l2": 1e-6, "width": 32, "batch_size": 64, "optimizer": "adam", "activation": "relu"}
    assert digits(values | {"learning_rate": 1e-4}) == digits(values | {"learning_rate": 1.05e-4})
    assert digits(values | {"learning_rate": 1e-4}) != digits(values | {"learning_rate": 1e-2})


def test_a_table_can_be_computed_again(tmp_path: Path) -> None:
    small = digits_table.STUDY
    for many, few in (
        ("points: 16", "points: 3"), ("points: 4", "points: 2"), ("epochs: 10", "epochs: 1"),
        ("[8, 16, 32, 128]", "[8]"), ("[momentum, rmsprop, adam]", "[adam]"), ("[32, 64, 256]", "[256]"),
    ):  # fmt: skip
        assert many in small
        small = small.replace(many, few)
    assert digits_table.compute(tmp_path / "table.csv", small) == 3 * 2 * 3
    head, *rows = (tmp_path / "table.csv").read_text().splitlines()
    assert head == "l2,width,batch_size,optimizer,activation,rate 0,rate 8,rate 15"
    assert len(rows) == 2 * 3


def test_losses_come_by_trial_number_and_depend_on_slots_and_seed_only() -> None:
    (problem, *_) = problems()
    one, again, other = (search(problem, "tpe", slots, 15, 0) for slots in (1, 1, 8))
    assert one == again
    assert one[:10] == other[:10]
    assert one != other
    assert len(one) == 15


def test_a_ratio_and_a_loss_are_of_mean_regrets() -> None:
    def told(sampler: str, *values: float) -> Regrets:
        return Regrets("p", sampler, 1, np.array([values, values]))

    found = compared(told("random", 8.0, 4.0), told("tpe", 2.0, 1.0), told("tpe", 5.0, 2.0), 1)
    assert (found.random, found.random_twice, found.one_slot, found.all_slots) == (8.0, 4.0, 2.0, 5.0)
    assert found.ratio == (1.25, 1.25, 1.25)
    assert found.lost == (0.5, 0.5, 0.5)
    assert np.isnan(compared(told("random", 8.0, 4.0), told("tpe", 8.0), told("tpe", 8.0), 1).lost[0])


def test_every_problem_sampler_and_size_has_a_row() -> None:
    measured = measure(["tpe", "qmc"], [4, 6], seeds=2)
    assert len(measured) == 3 * 2 * 2
    drawn = StringIO()
    Console(width=150, file=drawn).print(table(measured, 2))
    assert drawn.getvalue().count(" tpe ") == drawn.getvalue().count(" qmc ") == 6
    assert "no gain" in drawn.getvalue()
