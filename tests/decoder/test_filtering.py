from __future__ import annotations

import numpy as np
import pytest

from raisr_decoder.cells import PATCH, pad
from raisr_decoder.color import FRACTION_BITS
from raisr_decoder.filtering import filter_cells
from raisr_decoder.filters import WEIGHT_BITS, FilterStage
from raisr_decoder.shapes import BLOCKS
from raisr_decoder.tree import Tree
from support import random_plane, random_stage


def one_bucket(block: int, tap_of_output: list[int]) -> FilterStage:
    """A stage with one bucket, whose outputs copy one tap each."""
    weights = np.zeros((1, PATCH**2, block**2), np.int32)
    weights[0, tap_of_output, np.arange(block**2)] = 1 << WEIGHT_BITS
    nothing = np.zeros(0, np.int32)
    return FilterStage(block, Tree(nothing, nothing), weights)


@pytest.mark.parametrize("shape", [(6, 8), (7, 5), (1, 1), (2, 1)])
def test_copying_filters_copy(shape: tuple[int, int]) -> None:
    plane = random_plane(1, *shape)
    flat = np.full(shape, 93, np.uint8)
    stage = one_bucket(2, [27, 28, 35, 36])
    same = filter_cells(pad(plane), stage)[: shape[0], : shape[1]]
    assert (same == plane.astype(int) << FRACTION_BITS).all()
    assert (filter_cells(pad(flat), stage) == 93 << FRACTION_BITS).all()


@pytest.mark.parametrize("block", BLOCKS)
def test_output_size_and_range(block: int) -> None:
    stage = random_stage(np.random.default_rng(block), block, 4).at(0)
    result = filter_cells(pad(random_plane(2, 33, 47)), stage)
    assert result.shape == (17 * block, 24 * block)
    assert result.min() >= 0
    assert result.max() <= 255 << FRACTION_BITS


@pytest.mark.parametrize("block", [2, 3, 4])
@pytest.mark.parametrize("turn", [np.fliplr, np.flipud, np.transpose])
def test_a_turned_plane_gives_a_turned_result(block: int, turn: object) -> None:
    assert callable(turn)
    stage = random_stage(np.random.default_rng(9), block, 4).at(0)
    # Noise: a cell whose gradients balance exactly has no canonical orientation.
    plane = np.random.default_rng(4).integers(0, 256, (20, 26)).astype(np.uint8)
    assert (filter_cells(pad(turn(plane)), stage) == turn(filter_cells(pad(plane), stage))).all()


def test_strips_have_no_seams(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = random_stage(np.random.default_rng(9), 4, 4).at(0)
    plane = random_plane(4, 40, 26)
    whole = filter_cells(pad(plane), stage)
    monkeypatch.setattr("raisr_decoder.filtering.STRIP_CELLS", 30)
    assert (filter_cells(pad(plane), stage) == whole).all()
