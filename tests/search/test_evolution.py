"""The evolution strategy finds optima, learns scales and correlations, and stays in the cube."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpsearch.search.evolution import CONVERGED, Evolution, Vector


def evolve(evolution: Evolution, loss: Callable[[Vector], float], generations: int) -> list[float]:
    """The losses of all draws, in their order."""
    random, losses = np.random.default_rng(0), []
    for _ in range(generations):
        points = [evolution.draw(random) for _ in range(evolution.population)]
        told = [loss(point) for point in points]
        losses += told
        evolution.learn(np.array([points[place] for place in np.argsort(told, kind="stable")]))
    return losses


def sphere(point: Vector) -> float:
    return float(((point - 0.3) ** 2).sum())


def tilted(point: Vector) -> float:
    """A valley 30 times as long as wide that lies across the axes."""
    return float((point[0] + point[1] - 0.9) ** 2 * 1000 + (point[0] - point[1] + 0.1) ** 2)


@pytest.mark.parametrize("loss", [sphere, tilted])
def test_it_finds_the_bottom(loss: Callable[[Vector], float]) -> None:
    losses = evolve(Evolution(np.zeros(2), 0.3, None, 0), loss, 60)
    assert min(losses) < 1e-4
    assert np.median(losses[:20]) > 1000 * min(losses)


def test_it_learns_which_way_a_valley_runs() -> None:
    evolution = Evolution(np.zeros(2), 0.3, None, 0)
    evolve(evolution, tilted, 36)
    covariance = evolution._covariance
    assert covariance[0, 1] < -0.8 * np.sqrt(covariance[0, 0] * covariance[1, 1])


def test_once_it_has_converged_it_begins_again_elsewhere_with_twice_the_population() -> None:
    evolution = Evolution(np.zeros(2), 0.3, 6, 0)
    evolve(evolution, sphere, 60)
    assert evolution.population in (12, 24, 48)
    other = Evolution(np.zeros(2), 0.3, 6, 1)
    evolve(other, sphere, 60)
    assert not np.array_equal(evolution.mean, other.mean)
    assert evolution.sigma * evolution._lengths.max() >= CONVERGED


def test_a_coordinate_of_few_values_never_freezes() -> None:
    evolution = Evolution(np.array([0.25, 0.0]), 0.3, None, 0)
    random = np.random.default_rng(1)
    for _ in range(25):
        points = np.array([evolution.draw(random) for _ in range(evolution.population)])
        evolution.learn(points[np.argsort(np.abs(points - 0.4).sum(axis=1))])
    drawn = np.array([evolution.draw(random) for _ in range(200)])
    assert len(set((drawn[:, 0] * 4).astype(int))) >= 2


@given(
    data=st.data(),
    d=st.integers(1, 5),
    sigma=st.floats(0.01, 1.0),
)
def test_any_points_leave_it_able_to_draw_inside_the_cube(data: st.DataObject, d: int, sigma: float) -> None:
    evolution = Evolution(np.zeros(d), sigma, None, 0)
    random = np.random.default_rng(0)
    for _ in range(6):
        count = d * evolution.population
        flat = data.draw(st.lists(st.sampled_from([0.0, 1e-9, 0.3, 0.5, 1.0]), min_size=count, max_size=count))
        evolution.learn(np.array(flat).reshape(evolution.population, d))
        point = evolution.draw(random)
        assert point.shape == (d,)
        assert np.all((point >= 0) & (point <= 1))
