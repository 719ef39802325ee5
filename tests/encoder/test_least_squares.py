from __future__ import annotations

import numpy as np
import pytest

from raisr_decoder.bank import BLOCKS, MAX_GAIN, WEIGHT_BITS, FilterStage, Hash
from raisr_decoder.filtering import filter_plane
from raisr_encoder.least_squares import Sums, accumulate, solve
from support import random_plane, random_stage

EVERYTHING = Hash(np.zeros((0, 2), np.int64), np.zeros(0, np.int64), np.zeros((1, 0), np.int64))


def plane_of(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (60, 80)).astype(np.uint8)


@pytest.mark.parametrize("block", BLOCKS)
def test_filters_that_made_the_targets_are_found_again(block: int) -> None:
    stage = random_stage(np.random.default_rng(1), block, (1, 1, 1))
    # A sixteenth of the noise: targets must not be clipped.
    middle = np.zeros_like(stage.weights)
    first = np.arange(block**2) < block**2 / 2
    middle[:, 27, :] = np.where(first, 1 << WEIGHT_BITS, 0)
    middle[:, 36, :] = np.where(first, 0, 1 << WEIGHT_BITS)
    if block % 2:
        middle[:, [27, 36], block**2 // 2] = 1 << (WEIGHT_BITS - 1)
    stage = FilterStage(block, EVERYTHING, middle)
    plane = plane_of(3)
    sums = accumulate(plane, filter_plane(plane, stage, 0).astype(np.uint8), EVERYTHING, block)
    found = solve(sums, block, ridge=0.0)
    assert np.abs(found - middle).max() <= 1 << (WEIGHT_BITS - 8)


@pytest.mark.parametrize("block", BLOCKS)
def test_filters_obey_the_format(block: int) -> None:
    hashing = random_stage(np.random.default_rng(1), 2, (4, 3, 2)).hashing
    plane = random_plane(3, 60, 80)
    target = np.random.default_rng(1).integers(0, 256, (30 * block, 40 * block)).astype(np.uint8)
    weights = solve(accumulate(plane, target, hashing, block), block, ridge=1.0)
    assert (weights.sum(axis=1) == 1 << WEIGHT_BITS).all()
    assert np.abs(weights).sum(axis=1).max() <= MAX_GAIN << WEIGHT_BITS
    assert (weights == weights[:, ::-1, ::-1]).all()


def test_sums_are_exact_in_any_order() -> None:
    hashing = random_stage(np.random.default_rng(1), 2, (4, 3, 2)).hashing
    parts = [accumulate(plane_of(seed), plane_of(seed + 9), hashing, 2) for seed in range(4)]
    forward: Sums = parts[0] + parts[1] + parts[2] + parts[3]
    backward: Sums = parts[3] + (parts[2] + (parts[1] + parts[0]))
    assert (forward.gram == backward.gram).all()
    assert (forward.cross == backward.cross).all()
    assert (forward.gram == np.rint(forward.gram)).all()
    assert forward.count.sum() == 4 * 30 * 40


def test_empty_buckets_fall_back_to_the_filter_of_all() -> None:
    hashing = Hash(EVERYTHING.slopes, np.array([1 << 24]), np.zeros((2, 0), np.int64))
    sums = accumulate(plane_of(1), plane_of(2), hashing, 2)
    assert sums.count[1] == 0
    weights = solve(sums, 2, ridge=10.0)
    assert np.abs(weights[0] - weights[1]).max() < 1 << (WEIGHT_BITS - 6)
