from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from raisr.images.resampling import bicubic
from raisr_decoder.resize import WEIGHT_BITS, resize, taps
from support import random_plane


def resized(plane: NDArray[np.int16], shape: tuple[int, int]) -> NDArray[np.int16]:
    down, across = (
        taps(size, count, Fraction(size, count))
        for size, count in zip(plane.shape, shape, strict=True)
    )
    return resize(plane, down, across)


@pytest.mark.parametrize("step", [Fraction(1, 2), Fraction(2, 3), Fraction(100, 137), Fraction(1)])
def test_weights_sum_to_one_and_positions_stay_inside(step: Fraction) -> None:
    positions, weights = taps(17, 40, step)
    assert (weights.sum(axis=1) == 1 << WEIGHT_BITS).all()
    assert positions.min() >= 0
    assert positions.max() <= 16


def test_same_size_changes_nothing() -> None:
    plane = random_plane(2, 9, 13).astype(np.int16)
    assert (resized(plane, (9, 13)) == plane).all()


def test_channels_are_resized_independently() -> None:
    colors = random_plane(2, 15, 23).reshape(5, 3, 23).astype(np.int16)
    together = resize(colors, taps(5, 11, Fraction(5, 11)), taps(23, 40, Fraction(23, 40)))
    for channel in range(3):
        assert (together[:, channel] == resized(colors[:, channel], (11, 40))).all()


@pytest.mark.parametrize("shape", [(30, 46), (45, 69), (41, 51)])
def test_agrees_with_pillow(shape: tuple[int, int]) -> None:
    # Pillow clips between its two passes; this contrast is too low for that to matter.
    plane = 96 + random_plane(3, 15, 23) // 4
    fine = resized(plane.astype(np.int16) << 6, shape)
    rounded = np.clip((fine + 32) >> 6, 0, 255)
    # Pillow rounds its weights, too, and leaves out the weights beyond the edge.
    inner = (slice(6, -6), slice(6, -6))
    assert np.abs(rounded - bicubic(plane, shape).astype(int))[inner].max() <= 1


def test_one_pixel_becomes_a_flat_plane() -> None:
    plane = np.full((1, 1), 77, np.int16)
    assert (resized(plane, (5, 7)) == 77).all()
