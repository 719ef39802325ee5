from __future__ import annotations

import numpy as np
import pytest

from raisr_decoder.bank import canonical_order
from raisr_decoder.hashing import PATCH, hash_cells, pad, tensor
from support import random_plane, random_stage


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (7, 4)])
def test_every_cell_has_a_patch(shape: tuple[int, int]) -> None:
    padded = pad(random_plane(1, *shape))
    cells = [-(-size // 2) for size in shape]
    assert padded.shape == (2 * cells[0] + 6, 2 * cells[1] + 6)
    assert all(part.shape == tuple(cells) for part in tensor(padded))


def test_flat_cells_have_no_gradient() -> None:
    trace, difference, product = tensor(np.full((8, 8), 200, np.uint8))
    assert trace[0, 0] == difference[0, 0] == product[0, 0] == 0


def test_extremes_stay_in_range() -> None:
    stripes = np.tile(np.array([0, 0, 255, 255], np.uint8), (8, 2))
    trace, difference, product = tensor(stripes)
    assert trace[0, 0] == difference[0, 0] == 255**2 * 144
    assert product[0, 0] == 0
    assert trace[0, 0] < 1 << 25


def test_canonical_patches_share_bucket_and_orientation() -> None:
    hashing = random_stage(np.random.default_rng(5), 2, (6, 4, 3)).hashing
    for seed in range(50):
        patch = np.random.default_rng(seed).integers(0, 256, (PATCH, PATCH)).astype(np.uint8)
        (bucket,), (orientation,) = (part.ravel() for part in hash_cells(patch, hashing))
        canonical = patch.ravel()[canonical_order(PATCH, int(orientation))].reshape(PATCH, PATCH)
        (again,), (turned,) = (part.ravel() for part in hash_cells(canonical, hashing))
        assert (again, turned) == (bucket, 0)
