from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from raisr.images.downscaling import Downscale, downscale_photo
from raisr.images.resampling import bicubic, lanczos
from raisr_decoder.pipeline import NO_FILTERS, restore
from raisr_decoder.shapes import BLOCKS, base_shape, scaled_shape
from support import random_picture


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("shape", [(40, 60), (41, 59), (1, 1), (3, 100)])
def test_size(block: int, shape: tuple[int, int]) -> None:
    scale = Fraction(block, 2)
    assert downscale_photo(random_picture(1, *shape), scale, lanczos).shape[:2] == base_shape(
        shape, scale
    )


def test_the_same_scale_is_the_same_picture() -> None:
    photo = random_picture(1, 7, 9)
    assert (downscale_photo(photo, Fraction(1), lanczos) == photo).all()


def test_a_plane_is_reduced_as_well() -> None:
    assert downscale_photo(random_picture(1, 7, 9)[..., 0], Fraction(2), bicubic).shape == (4, 5)


def test_scaled_shapes_have_at_least_one_pixel() -> None:
    assert scaled_shape((1000, 1), Fraction(100, 137)) == (730, 1)
    assert scaled_shape((1, 3), Fraction(1, 4)) == (1, 1)


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("downscale", [lanczos, bicubic])
def test_downscaled_pixels_lie_where_the_filters_put_them(block: int, downscale: Downscale) -> None:
    rows, columns = 24 * block, 25 * block
    ramp = np.add.outer(np.arange(rows), np.arange(columns)) * 255 / (rows + columns)
    photo = np.repeat(np.rint(ramp).astype(np.uint8)[..., None], 3, axis=2)
    full = restore(
        downscale_photo(photo, Fraction(block, 2), downscale), NO_FILTERS, (rows, columns)
    )
    inner = (slice(4 * block, -4 * block),) * 2
    assert np.abs(full[inner].astype(int) - photo[inner]).max() <= 1
