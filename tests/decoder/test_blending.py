from __future__ import annotations

import numpy as np

from raisr_decoder.blending import blend
from raisr_decoder.color import FRACTION_BITS
from raisr_decoder.filters import BlendStage, Filters, FilterStage
from raisr_decoder.pipeline import NO_FILTERS, restore
from raisr_decoder.tree import Tree
from support import random_picture, random_plane

PLANE = random_plane(1, 12, 15)


def fine(plane: np.ndarray) -> np.ndarray:
    return plane.astype(np.int16) << FRACTION_BITS


def test_equal_structure_is_left_alone() -> None:
    # A brighter plane has the same order of neighbours.
    distinct = np.random.default_rng(1).permutation(180).reshape(12, 15).astype(np.uint8)
    assert (blend(distinct, fine(distinct + 40), 255) == fine(distinct)).all()


def test_strength_0_changes_nothing() -> None:
    assert (blend(PLANE, fine(255 - PLANE), 0) == fine(PLANE)).all()


def test_opposite_structure_becomes_the_bicubic_plane() -> None:
    distinct = np.random.default_rng(1).permutation(180).reshape(12, 15).astype(np.uint8)
    inner = blend(distinct, fine(255 - distinct), 128)[1:-1, 1:-1]
    assert (inner == fine(255 - distinct)[1:-1, 1:-1]).all()


def test_one_changed_neighbour_mixes_by_the_strength() -> None:
    filtered, bicubic = np.full((3, 3), 100, np.uint8), np.full((3, 3), 110, np.uint8)
    filtered[0, 0] = 90
    assert blend(filtered, fine(bicubic), 32)[1, 1] == (100 << FRACTION_BITS) + 10 * 64 * 32 // 128


def test_a_bank_that_blends_is_closer_to_bicubic() -> None:
    base = random_picture(2, 10, 12)
    weights = np.zeros((1, 64, 16), np.int32)
    weights[0, 0] = 512
    nothing = np.zeros(0, np.int32)
    far = FilterStage(4, Tree(nothing, nothing), weights)
    blended = restore(base, Filters((far, BlendStage(255))), (20, 24))
    plain = restore(base, Filters((far,)), (20, 24))
    bicubic = restore(base, NO_FILTERS, (20, 24)).astype(int)
    assert np.abs(blended - bicubic).mean() < np.abs(plain - bicubic).mean()
