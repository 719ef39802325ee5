from __future__ import annotations

import numpy as np
import pytest

from raisr.training.least_squares import Sums, accumulate, canonical_samples, solve
from raisr_decoder.bank import WEIGHT_BITS, FilterStage
from raisr_decoder.cells import pad
from raisr_decoder.color import round_luma
from raisr_decoder.features import FEATURES, cell_features
from raisr_decoder.filtering import filter_cells
from raisr_decoder.hashing import hash_cells
from raisr_decoder.limits import MAX_GAIN
from raisr_decoder.shapes import BLOCKS
from raisr_decoder.tree import Tree
from support import random_plane, random_stage


def noise(seed: int, rows: int = 60, columns: int = 80) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (rows, columns)).astype(np.uint8)


def sums_of(plane: np.ndarray, target: np.ndarray, tree: Tree, block: int) -> Sums:
    bucket, orientation = hash_cells(pad(plane), tree)
    samples = canonical_samples(plane, target, orientation, block)
    return accumulate(samples, bucket.ravel(), tree.leaves)


@pytest.mark.parametrize("block", BLOCKS)
def test_filters_that_made_the_targets_are_found_again(block: int) -> None:
    brightness = np.array([FEATURES.index("brightness")], np.int32)
    tree = Tree(brightness, np.array([510], np.int32))
    # A little blur, so that no target is clipped.
    weights = np.zeros((2, 64, block**2), np.int32)
    weights[0, 27:29], weights[1, 35:37] = 1 << (WEIGHT_BITS - 1), 1 << (WEIGHT_BITS - 1)
    plane = noise(3)
    target = round_luma(filter_cells(pad(plane), FilterStage(block, tree, weights)))
    found = solve(sums_of(plane, target, tree, block), ridge=0.0)
    assert np.abs(found - weights).max() <= 2


@pytest.mark.parametrize("block", BLOCKS)
def test_filters_obey_the_format(block: int) -> None:
    tree = random_stage(np.random.default_rng(1), 2, 3).tree
    sums = sums_of(random_plane(3, 60, 80), noise(1, 30 * block, 40 * block), tree, block)
    weights = solve(sums, ridge=1.0)
    assert (weights.sum(axis=1) == 1 << WEIGHT_BITS).all()
    assert np.abs(weights).sum(axis=1).max() <= MAX_GAIN << WEIGHT_BITS


def test_sums_are_exact_in_any_order() -> None:
    tree = random_stage(np.random.default_rng(1), 2, 3).tree
    parts = [sums_of(noise(seed), noise(seed + 9), tree, 2) for seed in range(4)]
    forward = parts[0] + parts[1] + parts[2] + parts[3]
    backward = parts[3] + (parts[2] + (parts[1] + parts[0]))
    assert (forward.gram == backward.gram).all()
    assert (forward.cross == backward.cross).all()
    assert (forward.gram == np.rint(forward.gram)).all()


def test_buckets_share_out_all_cells() -> None:
    tree = random_stage(np.random.default_rng(1), 2, 3).tree
    one = Tree(tree.feature[:0], tree.threshold[:0])
    fine, coarse = (sums_of(noise(1), noise(2), each, 2) for each in (tree, one))
    assert (fine.gram.sum(axis=0) == coarse.gram[0]).all()
    assert (fine.cross.sum(axis=0) == coarse.cross[0]).all()


def test_empty_buckets_fall_back_to_the_filter_of_all() -> None:
    never = Tree(np.zeros(1, np.int32), np.array([2**31 - 1], np.int32))
    weights = solve(sums_of(noise(1), noise(2), never, 2), ridge=10.0)
    assert np.abs(weights[0] - weights[1]).max() < 8


def test_samples_hold_patch_and_block_of_each_cell() -> None:
    plane, target = noise(1, 4, 6), noise(2, 7, 12)
    orientation = np.zeros((2, 3), np.int32)
    samples = canonical_samples(plane, target, orientation, 4).astype(int) + 128
    assert (samples[4, [27, 28, 35, 36]] == plane[2:4, 2:4].ravel()).all()
    # The last row of the target is missing and repeated.
    assert (samples[4, 64:].reshape(4, 4) == target[[4, 5, 6, 6], 4:8]).all()
    assert cell_features(pad(plane))[1].shape == orientation.shape
