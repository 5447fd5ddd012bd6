"""Shift, flip, rotation and erase: what each does to the pixels."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hpsearch.training.augment.erase import Erase
from hpsearch.training.augment.flip import Flip
from hpsearch.training.augment.rotation import Rotation
from hpsearch.training.augment.shift import Shift

sides = st.integers(1, 9)
seeds = st.integers(0, 2**53 - 1)


def pattern(rows: int, columns: int, channels: int = 2) -> torch.Tensor:
    """One image [1, channel, row, column] with no two pixels alike."""
    return torch.arange(1.0, channels * rows * columns + 1, dtype=torch.float64).view(1, channels, rows, columns)


@given(down=st.integers(-3, 3), right=st.integers(-3, 3))
def test_a_shift_moves_a_pixel_by_its_offset(down: int, right: int) -> None:
    image = torch.zeros(1, 1, 7, 9)
    image[0, 0, 3, 4] = 1
    moved = Shift.change(image, torch.tensor([[down, right]]))
    assert moved.nonzero().tolist() == [[0, 0, 3 + down, 4 + right]]


def test_a_shift_repeats_the_pixels_of_the_edge() -> None:
    image = pattern(3, 4, channels=1)
    moved = Shift.change(image, torch.tensor([[1, -2]]))
    assert moved[0, 0].tolist() == [[3, 4, 4, 4], [3, 4, 4, 4], [7, 8, 8, 8]]
    far = Shift.change(image, torch.tensor([[-50, 50]]))
    assert far.eq(9).all()


@given(seed=seeds, most=st.integers(1, 5))
def test_shifts_reach_every_offset_up_to_the_most_and_none_beyond(seed: int, most: int) -> None:
    drawn = Shift.draw(np.random.default_rng(seed), most, 2000, 28, 28)
    assert drawn.shape == (2000, 2)
    for direction in drawn.T:
        assert set(direction) == set(range(-most, most + 1))


def test_a_flip_mirrors_left_for_right() -> None:
    image = pattern(3, 4)
    flipped = Flip.change(torch.cat([image, image]), torch.tensor([[True], [False]]))
    assert torch.equal(flipped[0], torch.fliplr(image[0].movedim(0, -1)).movedim(-1, 0))
    assert torch.equal(flipped[1], image[0])


@pytest.mark.parametrize("probability", [0.1, 0.5, 1.0])
def test_flips_come_with_their_probability(probability: float) -> None:
    drawn = Flip.draw(np.random.default_rng(0), probability, 20_000, 28, 28)
    assert drawn.mean() == pytest.approx(probability, abs=0.01)


def turned(image: torch.Tensor, degrees: float) -> torch.Tensor:
    angle = math.radians(degrees)
    return Rotation.change(image, torch.tensor([[math.cos(angle), math.sin(angle)]], dtype=image.dtype))


@given(rows=sides, columns=sides)
def test_a_rotation_by_0_changes_nothing(rows: int, columns: int) -> None:
    image = pattern(rows, columns)
    torch.testing.assert_close(turned(image, 0), image, rtol=1e-12, atol=0)


@given(side=sides, quarters=st.integers(-2, 2))
def test_a_rotation_by_quarters_is_rot90(side: int, quarters: int) -> None:
    image = pattern(side, side)
    torch.testing.assert_close(turned(image, 90 * quarters), image.rot90(quarters, (2, 3)), rtol=1e-12, atol=0)


def test_a_rotation_turns_a_wide_image_without_stretching_it() -> None:
    image = torch.zeros(1, 1, 5, 9, dtype=torch.float64)
    image[0, 0, 2, 5:7] = 1  # right of the centre, one pixel and two
    expected = torch.zeros(5, 9, dtype=torch.float64)
    expected[0:2, 4] = 1  # above it
    torch.testing.assert_close(turned(image, 90)[0, 0], expected, rtol=0, atol=1e-12)


def test_a_rotation_in_between_is_bilinear() -> None:
    image, angle = pattern(4, 5, channels=1), math.radians(20)
    column, row = 2 + math.cos(angle) + 0.5 * math.sin(angle), 1.5 + math.sin(angle) - 0.5 * math.cos(angle)
    # In this image, a plane, bilinear interpolation is exact: pixel (1, 3) is one right and half above the centre.
    torch.testing.assert_close(float(turned(image, 20)[0, 0, 1, 3]), 1 + 5 * row + column, rtol=1e-12, atol=0)


@given(seed=seeds, most=st.floats(0.1, 180))
def test_angles_fill_their_range_evenly(seed: int, most: float) -> None:
    cosine, sine = Rotation.draw(np.random.default_rng(seed), most, 4000, 28, 28).T
    angles = np.rad2deg(np.arctan2(sine, cosine))
    assert np.abs(angles).max() <= most * (1 + 1e-9)
    assert np.quantile(angles, [0.25, 0.5, 0.75]) == pytest.approx([-most / 2, 0, most / 2], abs=most / 10)


@given(seed=seeds, most=st.floats(0.01, 0.99), rows=sides, columns=sides)
def test_erase_covers_at_most_its_share_with_zeros_and_leaves_the_rest(
    seed: int, most: float, rows: int, columns: int
) -> None:
    drawn = torch.from_numpy(Erase.draw(np.random.default_rng(seed), most, 200, rows, columns))
    image = pattern(rows, columns).expand(200, -1, -1, -1)
    erased = Erase.change(image, drawn)
    zeros = erased == 0
    assert torch.equal(erased[~zeros], image[~zeros])
    assert torch.equal(zeros[:, 0], zeros[:, 1])
    top, bottom, left, right = drawn.T
    assert torch.equal(zeros[:, 0].sum((1, 2)), (bottom - top) * (right - left))  # a rectangle, and all of it inside
    assert int(zeros[:, 0].sum((1, 2)).max()) <= most * rows * columns


def test_erased_shares_and_shapes_are_as_stated() -> None:
    top, bottom, left, right = Erase.draw(np.random.default_rng(0), 0.4, 5000, 200, 200).T
    share, shape = (bottom - top) * (right - left) / 200**2, (bottom - top) / (right - left).clip(1)
    assert np.quantile(share, [0.25, 0.5, 0.75]) == pytest.approx([0.1, 0.2, 0.3], abs=0.01)
    large = shape[share > 0.05]
    assert large.min() > 0.48
    assert large.max() < 2.1
    assert np.median(large) == pytest.approx(1, abs=0.03)
    assert top.min() == left.min() == 0
    assert bottom.max() == right.max() == 200
