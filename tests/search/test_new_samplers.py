"""What each sampler is for: even points, learned scales, few expensive trials, fronts, one after the other."""

from __future__ import annotations

import math
from collections import Counter
from statistics import fmean, median
from typing import Any

import numpy as np
import pytest

from hpsearch import registry
from hpsearch.search.gaussian_process import SEEN
from hpsearch.search.past import Past
from hpsearch.search.samplers import AllTogether, NoOptions, Random
from hpsearch.search.sequence import sampler_of
from hpsearch.space.sampler_plan import parse_plan
from tests.search.pasts import Told, Values, space_of

PLANE = space_of("{l1: {low: 0.0, high: 1.0}, l2: {low: 0.0, high: 1.0}}")
MIXED = space_of(
    "{l1: {low: 0.0, high: 1.0}, depth: {low: 1, high: 8}, optimizer: [sgd, adam, momentum, rmsprop],"
    " momentum: {low: 0.0, high: 0.9, when: {optimizer: momentum}}, learning_rate: {low: 1e-5, high: 1.0, log: true}}"
)


def bowl(values: Values) -> list[float]:
    return [float((values["l1"] - 0.3) ** 2 + (values["l2"] - 0.6) ** 2)]  # type: ignore[operator]


def mixed(values: Values) -> list[float]:
    rate, depth = float(values["learning_rate"] or 0), int(values["depth"] or 0)
    wrong = {"sgd": 1.0, "adam": 0.0, "momentum": float(values.get("momentum") or 0), "rmsprop": 1.0}
    return [abs(math.log10(rate) + 3) + abs(depth - 6) / 4 + wrong[str(values["optimizer"])]]


@pytest.mark.parametrize("sequence", ["sobol", "halton"])
def test_quasi_random_points_are_even_in_every_coordinate(sequence: str) -> None:
    proposed = Told({"name": "qmc", "sequence": sequence}, MIXED).run(64, lambda _: [0.0])
    for name, parts in {"optimizer": 4, "depth": 8}.items():
        counts = Counter(values[name] for values in proposed)
        assert len(counts) == parts
        assert max(counts.values()) - min(counts.values()) <= (0 if sequence == "sobol" else 4)
    rates = Counter(int(math.log10(float(v["learning_rate"] or 1)) * 16 // 5) for v in proposed)
    assert len(rates) == 16
    assert max(rates.values()) <= (4 if sequence == "sobol" else 7)
    assert all(("momentum" in values) == (values["optimizer"] == "momentum") for values in proposed)


def test_a_quasi_random_point_depends_on_nothing_but_seed_and_number() -> None:
    one, other = Told("qmc", PLANE), Told("qmc", PLANE, late=3)
    assert one.run(8, bowl) == other.run(8, lambda _: [7.0])
    assert one.run(1, bowl) != Told("qmc", PLANE, seed=1).run(9, bowl)[-1:]
    assert one.sampler.propose(one.past, 3) == one.proposed[3]


@pytest.mark.parametrize(("sampler", "late"), [("cmaes", 0), ("cmaes", 7), ("gp", 0), ("gp", 7)])
def test_a_sampler_of_numbers_comes_nearer_than_random_ones(sampler: str, late: int) -> None:
    trials = 60 if sampler == "cmaes" else 26
    last = [
        median(bowl(values)[0] for values in Told(name, PLANE, late=late).run(trials, bowl)[-10:])
        for name in (sampler, "random")
    ]
    assert last[0] < 0.1 * last[1]


def test_cmaes_leaves_options_and_conditions_to_tpe_and_moves_whole_numbers_too() -> None:
    proposed = Told({"name": "cmaes"}, MIXED, late=3).run(150, mixed)
    late = proposed[-40:]
    assert fmean(mixed(v)[0] for v in late) < 0.5 * fmean(mixed(v)[0] for v in proposed[:20])
    assert Counter(values["optimizer"] for values in late).most_common(1)[0][0] == "adam"
    assert abs(fmean(int(values["depth"] or 0) for values in late) - 6) < 1
    assert len({values["depth"] for values in late}) > 1


@pytest.mark.parametrize("sampler", ["cmaes", {"name": "nsgaii", "population_size": 6}, "tpe", "gp"])
def test_what_a_restart_proposes_is_what_would_have_been_proposed(sampler: Any) -> None:
    told = Told(sampler, MIXED, late=4)
    told.run(24, mixed)
    afresh = sampler_of(parse_plan(sampler), MIXED, told.distributions, 0)
    expected = told.sampler.propose(told.past, 24)
    assert afresh.propose(Past(told.study._storage, "s"), 24) == expected
    assert expected != Random(MIXED, told.distributions, 0).propose(told.past, 24)


def test_pruned_trials_teach_cmaes_too() -> None:
    told = Told("cmaes", PLANE)
    losses: list[float] = []
    for number in range(80):
        loss = bowl(told.ask())[0]
        told.report(number, loss)
        told.tell(loss, pruned=number > 4 and loss > median(losses[-8:]))
        losses.append(loss)
    assert Counter(trial.state.name for trial in told.past.ended)["PRUNED"] > 20
    assert fmean(losses[-15:]) < 0.1 * fmean(losses[:15])


def test_the_gaussian_process_reads_a_bounded_part_of_a_long_past(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hpsearch.search.gaussian_process.SEEN", 10)
    told = Told("gp", PLANE)
    random = np.random.default_rng(0)
    told.sampler = type("Plain", (), {"propose": lambda *_: dict(zip(("l1", "l2"), random.random(2), strict=True))})()
    told.run(90, bowl)
    sampler = sampler_of(parse_plan("gp"), PLANE, told.distributions, 0)
    assert len(sampler.seen(told.past).trials) <= 10 + 2 * 25  # type: ignore[attr-defined]
    proposed = sampler.propose(told.past, 90)
    assert proposed is not None
    assert bowl(proposed)[0] < 0.01
    assert SEEN > 10


def two(values: Values) -> list[float]:
    """Two objectives that pull apart along l1 where l2 is 0.5, and are both worse elsewhere."""
    a, b = float(values["l1"] or 0), float(values["l2"] or 0)
    return [a**2 + (b - 0.5) ** 2, -((a - 1) ** 2) - (b - 0.5) ** 2]


def test_nsgaii_spreads_over_the_front_of_two_objectives() -> None:
    told = Told({"name": "nsgaii", "population_size": 12}, PLANE, ["minimize", "maximize"], late=3)
    told.run(300, two)
    late = told.proposed[-80:]
    assert median(abs(float(v["l2"] or 0) - 0.5) for v in late) < 0.1
    thirds = Counter(min(2, int(float(v["l1"] or 0) * 3)) for v in late)
    assert min(thirds[third] for third in range(3)) >= 8


def test_cmaes_ranks_by_fronts_where_there_are_several_objectives() -> None:
    told = Told("cmaes", PLANE, ["minimize", "maximize"])
    told.run(60, two)
    assert median(abs(float(v["l2"] or 0) - 0.5) for v in told.proposed[-12:]) < 0.1


def test_nsgaii_gives_children_the_values_of_parents_and_now_and_then_new_ones() -> None:
    told = Told({"name": "nsgaii", "population_size": 8, "mutation_prob": 0.2}, MIXED)
    told.run(60, mixed)
    for name in ("learning_rate", "depth"):
        inherited = [values[name] in [v[name] for v in told.proposed[:n]] for n, values in enumerate(told.proposed)]
        assert 0.6 < fmean(inherited[20:]) < 1.0
    assert fmean(mixed(v)[0] for v in told.proposed[-15:]) < 0.6 * fmean(mixed(v)[0] for v in told.proposed[:8])
    momenta = [float(v["momentum"] or 0) for v in told.proposed if "momentum" in v]
    assert len(set(momenta)) > 1


def test_a_trial_belongs_to_the_sampler_that_its_number_falls_to() -> None:
    plan = [{"name": "qmc", "trials": 6}, {"name": "random", "trials": 4}, "tpe"]
    told = Told(plan, PLANE, late=2)
    proposed = told.run(14, bowl)
    assert proposed[:6] == Told("qmc", PLANE).run(6, bowl)
    random = Random(PLANE, told.distributions, 0)
    assert proposed[6:10] == [random.propose(told.past, number) for number in range(6, 10)]
    tpe = sampler_of(parse_plan("tpe"), PLANE, told.distributions, 0)
    assert told.sampler.propose(told.past, 14) == tpe.propose(told.past, 14)


def test_a_later_grid_has_the_cells_that_are_left_and_a_part_without_any_gives_way() -> None:
    grid = space_of("{depth: {low: 1, high: 3}, width: [8, 16]}")
    told = Told([{"name": "random", "trials": 4}, "grid"], grid)
    drawn = {tuple(values.items()) for values in told.run(4, lambda _: [0.0])}
    told.run(6 - len(drawn), lambda _: [0.0])
    assert told.sampler.propose(told.past, len(told.proposed)) is None
    cells = [tuple(values.items()) for values in told.proposed[4:]]
    assert len(cells) == len(set(cells)) == 6 - len(drawn)
    assert drawn.isdisjoint(cells)


@pytest.mark.parametrize("last", [sampler for sampler in registry.names("sampler") if sampler != "grid"])
def test_every_sampler_can_begin_earlier_where_the_one_before_gives_way(last: str) -> None:
    grid = space_of("{depth: {low: 1, high: 3}, width: [8, 16]}")
    goes_on = Told([{"name": "random", "trials": 4}, {"name": "grid", "trials": 6}, last], grid)
    assert len(goes_on.run(12, lambda _: [0.0])) == 12


def test_options_reach_the_samplers() -> None:
    few = {"name": "tpe", "n_startup_trials": 3}
    assert Told(few, PLANE).run(3, bowl) == Told("tpe", PLANE).run(3, bowl)
    assert Told(few, PLANE).run(8, bowl) != Told("tpe", PLANE).run(8, bowl)
    alone = {"name": "tpe", "multivariate": False}
    assert Told(alone, PLANE).run(14, bowl) != Told("tpe", PLANE).run(14, bowl)
    honest = {"name": "tpe", "constant_liar": False}
    assert Told(honest, PLANE, late=5).run(20, bowl) != Told("tpe", PLANE, late=5).run(20, bowl)


class Odd(AllTogether[Any]):
    """A sampler of somebody's own that proposes what it should not, or what is not Python's."""

    found: dict[str, Any]

    def draw(self, past: Past, number: int, together: Any) -> dict[str, Any]:
        return self.found


@pytest.mark.parametrize("wrong", [7, "abc", None, math.nan, 1e9, [1]])
def test_a_value_that_is_none_of_its_hyperparameters_gives_way_to_a_random_one(wrong: Any) -> None:
    told = Told("random", space_of("{width: [8, 16], l1: {low: 0.1, high: 1.0}}"))
    odd = Odd(told.sampler.space, told.distributions, 0, NoOptions())  # type: ignore[attr-defined]
    odd.found = {"width": wrong, "l1": wrong, "unknown": 1}
    proposed = odd.propose(told.past, 0)
    assert proposed is not None
    assert proposed.keys() == {"width", "l1"}
    assert proposed["width"] in (8, 16)
    assert 0.1 <= float(proposed["l1"] or 0) <= 1.0


def test_numbers_of_numpy_are_taken_as_pythons() -> None:
    told = Told("random", space_of("{width: [8, 16], l1: {low: 0.1, high: 1.0}}"))
    odd = Odd(told.sampler.space, told.distributions, 0, NoOptions())  # type: ignore[attr-defined]
    odd.found = {"width": np.int64(16), "l1": np.float32(0.5)}
    proposed = odd.propose(told.past, 0)
    assert proposed == {"width": 16, "l1": 0.5}
    assert {type(value) for value in proposed.values()} == {int, float}
