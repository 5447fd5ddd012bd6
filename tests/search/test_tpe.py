"""TPE: its kernels, what trials weigh in its densities, and that many trials under way cost it little."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np
import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import TPESampler
from optuna.samplers._tpe.parzen_estimator import _ParzenEstimator
from optuna.trial import FrozenTrial, TrialState, create_trial

from benchmarks.efficiency import search
from benchmarks.problems import Problem, problems
from hpsearch.search.densities import Floats, crossed, log_density, log_kernels
from hpsearch.search.dimensions import dimensions
from hpsearch.search.distributions import distribution
from hpsearch.search.past import Past
from hpsearch.search.samplers import Tpe, TpeOptions
from hpsearch.search.seeds import sampler_seed
from hpsearch.search.tpe import ALONE, LEAST, UNDER_WAY, Crossing, DraftTpe, Estimator, ParallelTpe
from hpsearch.space.load import parse_study

SPACE: dict[str, BaseDistribution] = {
    "kind": CategoricalDistribution(["x", "y", "z"]),
    "count": IntDistribution(1, 5),
    "size": IntDistribution(8, 512, log=True),
    "step": FloatDistribution(0, 1, step=0.25),
    "rate": FloatDistribution(0.1, 1, log=True),
    "share": FloatDistribution(0, 1),
}


def points(seed: int, size: int) -> dict[str, Floats]:
    """In Optuna's internal form."""
    rng = np.random.default_rng(seed)
    return {
        "kind": rng.integers(0, 3, size).astype(float),
        "count": rng.integers(1, 6, size).astype(float),
        "size": rng.integers(8, 513, size).astype(float),
        "step": rng.integers(0, 5, size) / 4,
        "rate": rng.uniform(0.1, 1, size),
        "share": rng.uniform(0, 1, size),
    }


def estimator(kind: type[Estimator], seen: dict[str, Floats], given: dict[str, float], *weights: Floats) -> Any:
    return kind(given, seen, SPACE, DraftTpe(seed=0)._parzen_estimator_parameters, *weights)


@given(seed=st.integers(0, 2**32 - 1), seen=st.integers(0, 30))
def test_kernels_add_up_to_optunas_density(seed: int, seen: int) -> None:
    mixture = estimator(Estimator, points(seed, seen), {})._mixture_distribution
    weights = np.random.default_rng(seed).dirichlet(np.ones(seen + 1))
    at = points(seed + 1, 8)
    logs = [log_kernels(of, at[name]) for name, of in zip(SPACE, mixture.distributions, strict=True)]
    expected = mixture._replace(weights=weights).log_pdf(np.stack(list(at.values()), axis=1))
    np.testing.assert_allclose(log_density(weights, np.sum(logs, axis=0)), expected, rtol=1e-9)
    for name, of, alone in zip(SPACE, mixture.distributions, logs, strict=True):
        one = mixture._replace(weights=weights, distributions=[of]).log_pdf(at[name][:, np.newaxis])
        np.testing.assert_allclose(log_density(weights, alone), one, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("kind", [Estimator, Crossing])
def test_what_is_given_stands_and_the_rest_is_drawn_beside_it(kind: type[Estimator]) -> None:
    """Two places, far from each other: who is given the one's coordinate draws the other coordinate near it."""
    seen = points(0, 40) | {"rate": np.tile([0.11, 0.95], 20), "share": np.tile([0.1, 0.9], 20)}
    for rate, share in ((0.11, 0.1), (0.95, 0.9)):
        drawn = estimator(kind, seen, {"rate": rate, "kind": 1.0}).sample(np.random.RandomState(0), 200)
        assert set(drawn["rate"]) == {rate}
        assert set(drawn["kind"]) == {1.0}
        assert len(set(drawn["share"])) == 200
        assert abs(np.median(drawn["share"]) - share) < abs(np.median(drawn["share"]) - (1 - share))


def test_crossed_coordinates_come_from_kernels_of_their_own() -> None:
    """Tight kernels in two corners: Optuna draws in these only, crossed draws are in all four."""
    many = np.tile([0.005, 0.995], 50)
    space: dict[str, BaseDistribution] = {"a": FloatDistribution(0, 1), "b": FloatDistribution(0, 1)}
    options = DraftTpe(seed=0)._parzen_estimator_parameters
    mixture = Estimator({}, {"a": many, "b": many}, space, options)._mixture_distribution

    def corners(drawn: Floats) -> list[float]:
        high = drawn > 0.5
        return [float(np.mean((high[:, 0] == a) & (high[:, 1] == b))) for a in (False, True) for b in (False, True)]

    near, far, too, also = corners(mixture.sample(np.random.RandomState(0), 4000))
    assert max(far, too) < 0.02 < 0.45 < min(near, also)
    assert corners(crossed(mixture, np.random.RandomState(0), 4000)) == pytest.approx([0.25] * 4, abs=0.03)


def test_candidates_are_judged_together_and_one_by_one() -> None:
    crossing, at = estimator(Crossing, points(3, 12), {}), points(4, 5)
    mixture = crossing._mixture_distribution
    expected = mixture.log_pdf(np.stack([at[name] for name in SPACE], axis=1))
    for name, of in zip(SPACE, mixture.distributions, strict=True):
        expected += ALONE * mixture._replace(distributions=[of]).log_pdf(at[name][:, np.newaxis])
    np.testing.assert_allclose(crossing.score(at), expected, rtol=1e-9)


def trial(share: float, value: float | None, state: TrialState = TrialState.COMPLETE) -> FrozenTrial:
    reported = {1: 0.5} if state == TrialState.PRUNED else {}
    return create_trial(
        state=state,
        value=value,
        params={"share": share},
        distributions={"share": FloatDistribution(0, 1)},
        intermediate_values=reported,
    )


def weights(trials: Sequence[FrozenTrial], good: bool, direction: Any = "minimize") -> list[float]:
    """What the kernels weigh beside each other, the prior's apart."""
    study = optuna.create_study(direction=direction)
    space: dict[str, BaseDistribution] = {"share": FloatDistribution(0, 1)}
    built: _ParzenEstimator = ParallelTpe(seed=0)._build_parzen_estimator(study, space, list(trials), good)
    found = built._mixture_distribution.weights
    return [float(weight / found[-1]) for weight in found[:-1]]


@pytest.mark.parametrize(("direction", "sign"), [("minimize", 1.0), ("maximize", -1.0)])
def test_a_good_trial_weighs_by_the_square_of_its_improvement(direction: str, sign: float) -> None:
    values = [3.0, 1.0, 2.0]  # improvements of 0, 2 and 1 over the worst
    found = weights([trial(0.5, sign * value) for value in values], True, direction)
    assert found == pytest.approx([LEAST, 4 / (5 / 3), 1 / (5 / 3)])


def test_pruned_and_infinite_good_trials_weigh_the_least_and_equal_ones_the_same() -> None:
    pruned = trial(0.5, None, TrialState.PRUNED)
    found = weights([trial(0.5, 1.0), pruned, trial(0.5, 2.0), trial(0.5, float("inf"))], True)
    assert found == pytest.approx([4.0, LEAST, LEAST, LEAST])
    assert weights([trial(0.5, 1.0)] * 3, True) == [1.0] * 3
    assert weights([pruned] * 2, True) == [1.0] * 2
    assert weights([trial(0.5, 1.7e308), trial(0.5, -1.7e308)], True) == pytest.approx([LEAST, 2.0])
    assert weights([], True) == []


def test_trials_under_way_weigh_less_than_poor_ones_that_have_ended() -> None:
    ended, running = trial(0.5, 1.0), trial(0.5, None, TrialState.RUNNING)
    assert weights([ended, running, ended, running], False) == pytest.approx([1, UNDER_WAY, 1, UNDER_WAY])
    old, *_, new, last = weights([ended] * 60 + [running], False)
    assert (new, last) == pytest.approx((1.0, UNDER_WAY))
    assert old == pytest.approx(1 / 60)  # as Optuna's: the older, the lighter


def test_plain_is_optunas_own() -> None:
    """Bit for bit, of hyperparameters that are proposed together and of one that has a condition."""
    file = parse_study(STUDY, file="s")
    distributions = {d.name: distribution(d) for d in dimensions(file.space)}
    study, tpe = optuna.create_study(study_name="s"), Tpe(file.space, distributions, 3, TpeOptions(plain=True))
    for number in range(40):
        theirs = TPESampler(seed=sampler_seed(3, number), multivariate=True, constant_liar=True)
        theirs._warn_independent_sampling = False
        study.sampler = theirs
        draft = study.ask()
        params = {
            name: draft._suggest(name, distributions[name])
            for name in ("learning_rate", "dropout", "width", "lr_decay")
        }
        if params["lr_decay"] == "step":
            params["decay_rate"] = draft._suggest("decay_rate", distributions["decay_rate"])
        assert tpe.propose(Past(study._storage, "s"), number) == params
        study.tell(draft, float(params["learning_rate"]) + float(params["dropout"]))


STUDY = """
name: s
data: digits
hyperparameters:
  learning_rate: {low: 1e-4, high: 1e-1, log: true}
  dropout: {low: 0.0, high: 0.5}
  width: {low: 8, high: 64}
  lr_decay: [none, step]
  decay_rate: {low: 0.1, high: 0.9, when: {lr_decay: step}}
  epochs: 1
"""


def test_with_sixteen_slots_it_finds_lower_points_than_optunas() -> None:
    (hartmann,) = (problem for problem in problems() if problem.name == "Hartmann-6")
    ours, theirs = (mean_regret(hartmann, sampler) for sampler in ("tpe", "{name: tpe, plain: true}"))
    assert ours < 0.75 * theirs  # 0.4 as a mean over many seeds


def mean_regret(problem: Problem, sampler: str) -> float:
    found = [list(accumulate(search(problem, sampler, 16, 100, seed), min))[-1] for seed in range(8)]
    return float(np.mean(found)) - problem.least
