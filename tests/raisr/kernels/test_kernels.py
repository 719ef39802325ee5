from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from raisr import kernels
from raisr.kernels import hashing as compiled_hashing
from raisr.kernels import jit
from raisr_decoder import color, filtering, hashing
from raisr_decoder import resize as resizing
from raisr_decoder.cells import pad
from raisr_decoder.features import FEATURES, cell_features
from raisr_decoder.pipeline import restore
from raisr_decoder.shapes import BLOCKS
from raisr_decoder.tree import Tree
from support import random_bank, random_picture, random_plane, random_stage


def assert_same(fast: np.ndarray, plain: np.ndarray) -> None:
    assert fast.dtype == plain.dtype
    assert fast.shape == plain.shape
    assert (fast == plain).all()


@pytest.mark.parametrize("shape", [(1, 1), (2, 9), (31, 44), (64, 3)])
@pytest.mark.parametrize("depth", [0, 1, 6])
def test_hash_cells(shape: tuple[int, int], depth: int) -> None:
    padded = pad(random_plane(1, *shape))
    tree = random_stage(np.random.default_rng(2), 2, depth).at(0).tree
    for fast, plain in zip(
        kernels.hash_cells(padded, tree), hashing.hash_cells(padded, tree), strict=True
    ):
        assert_same(fast, plain)


@pytest.mark.parametrize("feature", range(len(FEATURES)))
def test_each_feature_is_compared_alike(feature: int) -> None:
    padded = pad(random_plane(3, 60, 80))
    values = cell_features(padded)[0][feature]
    for threshold in np.quantile(values, [0.1, 0.5, 0.9]).astype(np.int32):
        tree = Tree(np.array([feature], np.int32), threshold[None])
        assert_same(kernels.hash_cells(padded, tree)[0], (values > threshold).astype(np.int32))


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("shape", [(1, 1), (2, 9), (31, 44)])
def test_filter_cells(block: int, shape: tuple[int, int]) -> None:
    padded = pad(random_plane(3, *shape))
    stage = random_stage(np.random.default_rng(4), block, 4).at(20)
    assert_same(kernels.filter_cells(padded, stage), filtering.filter_cells(padded, stage))


@pytest.mark.parametrize("shape", [(1, 1), (30, 46), (21, 70), (9, 7)])
def test_resize(shape: tuple[int, int]) -> None:
    plane = (random_plane(3, 15, 23).astype(np.int16) - 128) << color.FRACTION_BITS
    colors = np.stack([plane, -plane, plane // 2], axis=1)
    down = resizing.taps(15, shape[0], Fraction(15, shape[0]))
    across = resizing.taps(23, shape[1], Fraction(23, shape[1]))
    assert_same(kernels.resize(plane, down, across), resizing.resize(plane, down, across))
    assert_same(kernels.resize(colors, down, across), resizing.resize(colors, down, across))


def test_compose() -> None:
    luma = random_plane(1, 12, 15).astype(np.int16) << color.FRACTION_BITS
    differences = random_picture(2, 12, 15).transpose(0, 2, 1).astype(np.int16) * 170 - 22000
    assert_same(kernels.compose(luma, differences), color.compose(luma, differences))


def test_code_on_disk_is_out_of_date_when_a_constant_of_the_decoder_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = jit.revision.__wrapped__()
    assert jit.revision.__wrapped__() == before == jit.revision()
    monkeypatch.setattr(compiled_hashing, "RATIO_BITS", 11)
    assert jit.revision.__wrapped__() != before


@pytest.mark.parametrize("threads", [1, 3])
def test_strips_are_equal_in_any_number_of_threads(threads: int) -> None:
    task = random_picture(5, 250, 12), random_bank(1, stages=2).filters(50), (500, 24)
    assert_same(restore(*task, engine=kernels.engine(threads)), restore(*task))


def test_an_error_in_a_thread_is_raised() -> None:
    def fail(item: int) -> None:
        raise ValueError(item)

    with pytest.raises(ValueError, match="1"):
        list(kernels.engine(2).map(fail, [1]))
