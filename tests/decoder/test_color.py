from __future__ import annotations

import numpy as np
import pytest

from raisr_decoder.color import FRACTION_BITS, compose, differences, luma
from support import random_picture


def test_gray_keeps_its_value() -> None:
    levels = np.arange(256, dtype=np.uint8)
    assert (luma(np.stack([levels] * 3, axis=1)) == levels).all()


@pytest.mark.parametrize(
    ("rgb", "expected"), [((255, 0, 0), 77), ((0, 255, 0), 149), ((0, 0, 255), 29)]
)
def test_primaries(rgb: tuple[int, int, int], expected: int) -> None:
    assert luma(np.array(rgb, np.uint8)) == expected


def test_unfiltered_luma_gives_the_image_back() -> None:
    image = random_picture(1, 20, 30)
    plane = luma(image)
    color = differences(image, plane) << FRACTION_BITS
    assert (compose(plane.astype(np.int16) << FRACTION_BITS, color) == image).all()


def test_rounds_half_up_and_clips() -> None:
    half = 1 << (FRACTION_BITS - 1)
    luma_plane = np.array([[half, half - 1, 255 << FRACTION_BITS]], np.int16)
    levels = np.array([[[0], [1], [-300]]], np.int16) << FRACTION_BITS
    color = np.repeat(levels, 3, axis=2)
    assert compose(luma_plane, color).tolist() == [[[1, 2, 0], [0, 1, 0], [255, 255, 0]]]
