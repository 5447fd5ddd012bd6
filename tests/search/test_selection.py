"""TPE looks at all of a short past, and of a long one at a bounded part with the whole good group in it."""

from __future__ import annotations

import math
import random
from typing import Any

import optuna
import pytest
from optuna.samplers import BaseSampler
from optuna.samplers._tpe.sampler import _split_trials, default_gamma
from optuna.trial import FrozenTrial, TrialState, create_trial

from hpsearch.search import selection
from hpsearch.search.dimensions import dimensions
from hpsearch.search.distributions import distribution
from hpsearch.search.past import Past
from hpsearch.search.samplers import Tpe
from hpsearch.search.selection import GOOD, Selection
from hpsearch.search.tpe import DraftTpe, ParallelTpe
from tests.search.test_samplers import space

BOUND = 300


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "BOUND", BOUND)


def filled(trials: int, direction: Any = "maximize", pruned: float = 0.3, seed: int = 0) -> Past:
    """Random trials, many of them of equal value; the last five are under way."""
    rng = random.Random(seed)
    searched = space()
    distributions = {d.name: distribution(d) for d in dimensions(searched)}
    tpe = Tpe(searched, distributions, seed)
    study = optuna.create_study(study_name="s", direction=direction)
    empty = Past(study._storage, "s")
    for number in range(trials):
        proposed = tpe.propose(empty, number) or {}
        own: dict[str, Any] = {
            "params": dict(proposed),
            "distributions": {name: distributions[name] for name in proposed},
        }
        value = float(rng.randrange(trials // 2))
        if number >= trials - 5:
            own["state"] = TrialState.RUNNING
        elif rng.random() < pruned:
            own |= {"state": TrialState.PRUNED, "intermediate_values": {rng.choice([1, 3, 9]): value}}
        else:
            own |= {"state": TrialState.COMPLETE, "value": value} if rng.random() < 0.95 else {"state": TrialState.FAIL}
        study.add_trial(create_trial(**own))
    return Past(study._storage, "s")


def several(trials: int, seed: int = 0) -> Past:
    """Random trials of two objectives, some of them diverged, the last five under way."""
    rng = random.Random(seed)
    searched = space()
    distributions = {d.name: distribution(d) for d in dimensions(searched)}
    tpe = Tpe(searched, distributions, seed)
    study = optuna.create_study(study_name="s", directions=["maximize", "minimize"])
    empty = Past(study._storage, "s")
    for number in range(trials):
        proposed = tpe.propose(empty, number) or {}
        own: dict[str, Any] = {
            "params": dict(proposed),
            "distributions": {name: distributions[name] for name in proposed},
        }
        accuracy, cost = rng.random(), float(rng.randrange(1000))
        if number >= trials - 5:
            own["state"] = TrialState.RUNNING
        elif rng.random() < 0.3:
            own |= {"state": TrialState.PRUNED, "intermediate_values": {rng.choice([1, 3]): accuracy}}
            own["values"] = [accuracy, cost]
        else:
            own["values"] = [accuracy * cost, cost] if rng.random() < 0.95 else [0.0, math.inf]
        study.add_trial(create_trial(**own))
    return Past(study._storage, "s")


def numbers(trials: list[FrozenTrial]) -> list[int]:
    return [trial.number for trial in trials]


def test_nothing_is_left_out_of_a_short_past() -> None:
    past = filled(BOUND + 5)
    expected = [trial.number for trial in past.by_number if trial.state != TrialState.FAIL]
    assert numbers(Selection(past, 0).trials()) == expected


@pytest.mark.parametrize("trials", [9, 20, 120, BOUND])
def test_proposals_from_a_short_past_are_those_of_the_whole(trials: int) -> None:
    past = filled(trials)
    searched = space()
    distributions = {d.name: distribution(d) for d in dimensions(searched)}

    class Whole(Tpe):
        def seen(self, past: Past) -> optuna.Study:
            return past

        def together(self, past: Past, sampler: BaseSampler, draft: FrozenTrial) -> dict[str, Any]:
            return sampler.infer_relative_search_space(past, draft)

    for number in range(trials, trials + 3):
        ours = Tpe(searched, distributions, 0).propose(past, number)
        assert ours == Whole(searched, distributions, 0).propose(past, number)


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
@pytest.mark.parametrize("pruned", [0.0, 0.4, 0.98])
def test_the_good_group_of_a_long_past_is_whole(direction: Any, pruned: float) -> None:
    past = filled(1500, direction, pruned)
    ended = [trial for trial in past.ended if trial.state != TrialState.FAIL]
    seen = Selection(past, 0).trials()
    of_all, _ = _split_trials(past, ended, default_gamma(len(ended)))
    of_seen, rest = _split_trials(past, seen, default_gamma(len(seen)))
    assert len(of_all) == GOOD
    assert numbers(of_seen) == numbers(of_all)
    assert {trial.number for trial in rest} >= set(past.under_way)


def test_what_tpe_sees_is_bounded_and_says_the_same_of_the_rest() -> None:
    shares = []
    for trials in (1500, 3000):
        past = filled(trials)
        seen = Selection(past, 0).trials()
        assert BOUND <= len(seen) <= BOUND + 2 * GOOD + len(past.under_way)
        shares.append(sum(trial.number < trials / 2 for trial in seen) / len(seen))
    assert shares == pytest.approx([0.5, 0.5], abs=0.1)


def test_the_part_depends_on_the_seed_and_the_trials_and_on_nothing_else() -> None:
    past = filled(1200)
    expected = numbers(Selection(past, 0).trials())
    assert numbers(Selection(past, 1).trials()) != expected
    ended = list(past.ended)
    followed = Selection(past, 0)
    past.ended.clear()
    for trial in random.Random(0).sample(ended, len(ended)):
        past.ended.append(trial)
        if trial.number % 100 == 0:
            followed.trials()
    assert numbers(followed.trials()) == expected


def test_a_condition_that_failed_once_is_remembered() -> None:
    past = filled(1500)
    assert list(Selection(past, 0).everywhere) == ["batch_norm", "depth", "learning_rate", "optimizer"]


@pytest.mark.parametrize("trials", [9, 20, 120, BOUND])
def test_proposals_of_several_objectives_from_a_short_past_are_those_of_the_whole(trials: int) -> None:
    past, searched = several(trials), space()
    distributions = {d.name: distribution(d) for d in dimensions(searched)}

    class Whole(Tpe):
        def sampler(self, seed: int) -> DraftTpe:
            return ParallelTpe(seed=seed, multivariate=True)

        def seen(self, past: Past) -> optuna.Study:
            # As ours, but for the infinite values, which give volumes that are no numbers.
            return past.showing(selection._finite(list(past.by_number), ["maximize", "minimize"]))

        def together(self, past: Past, sampler: BaseSampler, draft: FrozenTrial) -> dict[str, Any]:
            return sampler.infer_relative_search_space(past, draft)

    for number in range(trials, trials + 3):
        ours = Tpe(searched, distributions, 0).propose(past, number)
        assert ours == Whole(searched, distributions, 0).propose(past, number)


def test_of_several_objectives_a_long_past_keeps_its_good_group_and_every_value_is_finite() -> None:
    past = several(1500)
    shown = Selection(past, 0).trials()
    assert len(shown) <= BOUND + selection.BAND + 2 * GOOD + 5
    assert set(past.under_way) <= set(numbers(shown))
    for good in (1, 10, 40):
        below, _ = _split_trials(past, list(past.by_number), good)
        ours, _ = _split_trials(past.showing(shown), shown, good)
        assert numbers(below) == numbers(ours)
    assert all(map(math.isfinite, (v for t in shown if t.state == TrialState.COMPLETE for v in t.values)))
    assert any(math.inf in (t.values or ()) for t in past.by_number)


def test_the_selection_of_several_objectives_does_not_depend_on_the_order_of_ending() -> None:
    past, again = several(900), several(900)
    random.Random(1).shuffle(again.ended)
    assert numbers(Selection(past, 0).trials()) == numbers(Selection(again, 0).trials())
