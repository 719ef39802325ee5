from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from raisr_decoder.bank import BLOCKS, base_shape
from raisr_decoder.restore import NO_FILTERS, restore
from raisr_encoder.reduce import reduce_photo
from support import random_picture


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("shape", [(40, 60), (41, 59), (1, 1), (3, 100)])
def test_size(block: int, shape: tuple[int, int]) -> None:
    scale = Fraction(block, 2)
    assert reduce_photo(random_picture(1, *shape), scale).shape[:2] == base_shape(shape, scale)


@pytest.mark.parametrize("block", BLOCKS)
def test_reduced_pixels_lie_where_restoring_puts_them(block: int) -> None:
    rows, columns = 24 * block, 25 * block
    ramp = np.add.outer(np.arange(rows), np.arange(columns)) * 255 / (rows + columns)
    photo = np.repeat(np.rint(ramp).astype(np.uint8)[..., None], 3, axis=2)
    full = restore(reduce_photo(photo, Fraction(block, 2)), NO_FILTERS, (rows, columns))
    inner = (slice(4 * block, -4 * block),) * 2
    assert np.abs(full[inner].astype(int) - photo[inner]).max() <= 1
