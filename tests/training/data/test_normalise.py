from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from hpsearch import registry
from hpsearch.training.data.normalise import Array, Transform

NAMES = registry.names("normalize")
IMAGES = arrays.arrays(
    np.float64,
    st.tuples(st.integers(2, 9), st.integers(1, 3), st.integers(1, 3), st.integers(1, 3)),
    elements=st.floats(-1e6, 1e6, width=32),
)


def learn(name: str, *chunks: Array) -> Transform:
    transform: Transform = registry.load("normalize", name)(list(chunks))
    return transform


def test_standard_takes_mean_and_deviation_of_the_training_part() -> None:
    transform = learn("standard", np.array([[0.0, 5.0], [2.0, 5.0]]))
    np.testing.assert_allclose(transform(np.array([[4.0, 7.0]])), [[3.0, 2.0]])


def test_min_max_maps_the_training_part_to_0_and_1() -> None:
    transform = learn("min_max", np.array([[0.0, 5.0], [2.0, 5.0]]), np.array([[4.0, 5.0]]))
    np.testing.assert_allclose(transform(np.array([[1.0, 5.0], [8.0, 6.0]])), [[0.25, 0.0], [2.0, 1.0]])


def test_per_channel_takes_one_statistic_for_all_pixels_of_a_colour() -> None:
    images = np.array([[[[0.0, 2.0]], [[10.0, 10.0]]], [[[4.0, 2.0]], [[30.0, 30.0]]]])
    np.testing.assert_allclose(learn("min_max_channel", images)(images)[:, 0, 0], [[0.0, 0.5], [1.0, 0.5]])
    scaled = learn("standard_channel", images)(images)
    np.testing.assert_allclose(scaled.mean(axis=(0, 2, 3)), [0.0, 0.0], atol=1e-15)
    np.testing.assert_allclose(scaled.std(axis=(0, 2, 3)), [1.0, 1.0])


def test_none_changes_nothing() -> None:
    part = np.array([[1.0, 2.0]])
    assert learn("none", part)(part) is part


@pytest.mark.parametrize("name", NAMES)
@given(images=IMAGES, cut=st.integers(1, 8))
def test_the_chunks_in_which_the_data_come_do_not_matter(name: str, images: Array, cut: int) -> None:
    whole, chunked = learn(name, images)(images), learn(name, *filter(len, (images[:cut], images[cut:])))(images)
    assert np.isfinite(whole).all()
    size = np.abs(images).max() + 1
    spread = np.where(np.ptp(images, axis=0) > 1e-6 * size, 1.0, np.nan)  # else rounding is all there is
    np.testing.assert_allclose(chunked * spread, whole * spread, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "none"])
@pytest.mark.parametrize("value", [0.0, 0.1, 1e-300, 1e12 / 3])
def test_a_feature_that_never_changes_becomes_0_and_is_not_blown_up(name: str, value: float) -> None:
    train = np.full((1000, 1, 3), value)
    transform = learn(name, train)
    assert np.abs(transform(train)).max() <= 1e-12 * max(1.0, value)
    assert np.abs(transform(train + 1.0)).max() <= 1.0 + 1e-3
