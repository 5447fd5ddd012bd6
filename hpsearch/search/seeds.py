"""Seeds as functions of (study seed, trial number), so that a resumed search goes on and does not start over."""

from __future__ import annotations

import numpy as np


def trial_seed(study_seed: int, number: int) -> int:
    """The seed of a trial's training: 53 bits, so that every reader of JSON keeps it exactly."""
    return int(np.random.SeedSequence([study_seed, number]).generate_state(1, np.uint64)[0] >> 11)


def sampler_seed(study_seed: int, number: int) -> int:
    """The seed with which the sampler proposes this trial's values: 32 bits."""
    return int(np.random.SeedSequence([study_seed, number, 1]).generate_state(1, np.uint32)[0])


def lot(study_seed: int, number: int) -> int:
    """A trial's lot: 64 bits, in no order among the numbers, for samplers that look at a part of a long past."""
    return _bits(study_seed, number, 2)


def bracket_lot(study_seed: int, number: int) -> int:
    """What decides the bracket of a trial that may be cut short: 64 bits."""
    return _bits(study_seed, number, 3)


def attempt_seed(study_seed: int, attempt: int) -> int:
    """In the place of the study's seed, where a sampler is asked again for the same trial: 64 bits."""
    return _bits(study_seed, attempt, 4)


def _bits(study_seed: int, number: int, purpose: int) -> int:
    return int(np.random.SeedSequence([study_seed, number, purpose]).generate_state(1, np.uint64)[0])
