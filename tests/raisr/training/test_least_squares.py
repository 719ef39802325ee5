from __future__ import annotations

import numpy as np
import pytest

from raisr.training.least_squares import Sums, accumulate, canonical_samples
from raisr_decoder.cells import pad
from raisr_decoder.features import cell_features
from raisr_decoder.hashing import hash_cells
from raisr_decoder.tree import Tree
from support import random_stage


def noise(seed: int, rows: int = 60, columns: int = 80) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (rows, columns)).astype(np.uint8)


def sums_of(plane: np.ndarray, target: np.ndarray, tree: Tree, block: int) -> Sums:
    bucket, orientation = hash_cells(pad(plane), tree)
    samples = canonical_samples(plane, target, orientation, block)
    return accumulate(samples, bucket.ravel(), tree.leaves)


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


def test_the_error_of_filters_is_that_of_their_outputs() -> None:
    plane, target = noise(1), noise(2)
    one = Tree(np.zeros(0, np.int32), np.zeros(0, np.int32))
    sums = sums_of(plane, target, one, 2)
    filters = np.zeros((1, 64, 4))
    filters[0, [27, 28, 35, 36], range(4)] = 1.0  # Each output is its own pixel.
    error = ((plane.astype(float) - target) ** 2).mean()
    assert sums.error(filters) == pytest.approx(error, rel=1e-9)


def test_samples_hold_patch_and_block_of_each_cell() -> None:
    plane, target = noise(1, 4, 6), noise(2, 7, 12)
    orientation = np.zeros((2, 3), np.int32)
    samples = canonical_samples(plane, target, orientation, 4).astype(int) + 128
    assert (samples[4, [27, 28, 35, 36]] == plane[2:4, 2:4].ravel()).all()
    # The last row of the target is missing and repeated.
    assert (samples[4, 64:].reshape(4, 4) == target[[4, 5, 6, 6], 4:8]).all()
    assert cell_features(pad(plane))[1].shape == orientation.shape
