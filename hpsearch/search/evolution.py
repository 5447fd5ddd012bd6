"""The covariance matrix adaptation evolution strategy on the unit cube: where to draw, learned from what was drawn.

(μ/μ_w, λ)-CMA-ES as in Hansen, "The CMA evolution strategy: a tutorial", arXiv:1604.00772, with

- points that it did not draw itself, or drew from an earlier distribution, as Hansen, "Injecting external solutions
  into CMA-ES", arXiv:1110.4181: a step of a length that its own draws would hardly have is shortened;
- a restart at another place and with twice the population once it has converged (Auger and Hansen, CEC 2005);
- a least spread for coordinates whose values are parts of the interval, or one of them would soon be the only one.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
CONVERGED = 1e-3  # the largest standard deviation of any direction, as a share of the range
LEAST_SPREAD = 0.4  # of a part of the interval, in standard deviations
TRIES = 100  # to draw inside the cube


class Evolution:
    """A normal distribution over [0, 1]^d that moves to where values are good."""

    def __init__(self, widths: Vector, sigma: float, population: int | None, seed: int) -> None:
        """`widths` [d] are the lengths of the parts that the coordinates' values have, 0 for real numbers.

        `sigma` is the standard deviation at the start, `population` λ, by default 4 + ⌊3 ln d⌋.
        """
        self._widths, self._sigma_0, self._seed = widths, sigma, seed
        self.population = population or 4 + int(3 * math.log(len(widths)))
        self._generations = 0
        self._begin(np.full(len(widths), 0.5))

    def _begin(self, mean: Vector) -> None:
        d, population = len(mean), self.population
        self.mean, self.sigma = mean, self._sigma_0
        self._covariance, self._path, self._step_path = np.eye(d), np.zeros(d), np.zeros(d)
        self._since = 0
        raw = np.log((population + 1) / 2) - np.log(np.arange(1, population // 2 + 1))
        self._weights = raw / raw.sum()
        mass = 1 / float((self._weights**2).sum())
        self._mass = mass
        self._c_sigma = (mass + 2) / (d + mass + 5)
        self._damping = 1 + 2 * max(0.0, math.sqrt((mass - 1) / (d + 1)) - 1) + self._c_sigma
        self._c_c = (4 + mass / d) / (d + 4 + 2 * mass / d)
        self._c_1 = 2 / ((d + 1.3) ** 2 + mass)
        self._c_mu = min(1 - self._c_1, 2 * (mass - 2 + 1 / mass) / ((d + 2) ** 2 + mass))
        self._expected = math.sqrt(d) * (1 - 1 / (4 * d) + 1 / (21 * d * d))
        self._decompose()

    def _decompose(self) -> None:
        """C = B D² Bᵀ."""
        self._covariance = (self._covariance + self._covariance.T) / 2
        squares, self._axes = np.linalg.eigh(self._covariance)
        self._lengths = np.sqrt(np.maximum(squares, 1e-20))

    def draw(self, random: np.random.Generator) -> Vector:
        """A point [d]: from outside the cube it is drawn again, and in the end moved to the nearest one inside."""
        spread = self.sigma * np.sqrt(np.diag(self._covariance))
        missing = np.sqrt(np.maximum((LEAST_SPREAD * self._widths) ** 2 - spread**2, 0.0))
        for _ in range(TRIES):
            step = self._axes @ (self._lengths * random.standard_normal(len(self.mean)))
            point: Vector = self.mean + self.sigma * step + missing * random.standard_normal(len(self.mean))
            if np.all((point >= 0) & (point <= 1)):
                break
        return point.clip(0.0, 1.0)

    def learn(self, points: Vector) -> None:
        """Move by the points [λ, d] of one generation, the best first."""
        d = len(self.mean)
        steps = (points[: len(self._weights)] - self.mean) / self.sigma
        lengths = np.linalg.norm((steps @ self._axes) / self._lengths, axis=1)
        most = math.sqrt(d) + 2 * d / (d + 2)
        steps = steps * np.minimum(1.0, most / np.maximum(lengths, 1e-20))[:, None]
        step = self._weights @ steps
        self._generations += 1
        self._since += 1
        self.mean = np.clip(self.mean + self.sigma * step, 0.0, 1.0)
        self._adapt(steps, step)
        if self.sigma * self._lengths.max() < CONVERGED:
            self.population *= 2
            self._begin(np.random.default_rng([self._seed, self._generations]).random(d))

    def _adapt(self, steps: Vector, step: Vector) -> None:
        """The paths, the covariance and the step size."""
        rate = self._c_sigma
        whitened = self._axes @ ((self._axes.T @ step) / self._lengths)
        self._step_path = (1 - rate) * self._step_path + math.sqrt(rate * (2 - rate) * self._mass) * whitened
        length = float(np.linalg.norm(self._step_path))
        usual = length / math.sqrt(1 - (1 - rate) ** (2 * self._since)) < (1.4 + 2 / (len(step) + 1)) * self._expected
        kept = (1 - self._c_c) * self._path
        self._path = kept + (math.sqrt(self._c_c * (2 - self._c_c) * self._mass) * step if usual else 0.0)
        lost = 0.0 if usual else self._c_c * (2 - self._c_c)
        outer = (steps * self._weights[:, None]).T @ steps
        self._covariance = (
            (1 - self._c_1 - self._c_mu + self._c_1 * lost) * self._covariance
            + self._c_1 * np.outer(self._path, self._path)
            + self._c_mu * outer
        )
        self.sigma *= math.exp(min(1.0, rate / self._damping * (length / self._expected - 1)))
        self.sigma = min(self.sigma, 1.0)
        self._decompose()
