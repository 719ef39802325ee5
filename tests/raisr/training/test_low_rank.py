from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from raisr.training.least_squares import Sums, accumulate, canonical_samples
from raisr.training.low_rank import (
    ONE,
    fit_linear,
    fit_low_rank,
    fit_noise,
    weigh,
)
from raisr.training.rounding import round_mean, round_stage
from raisr_decoder.bank import Bank, load, save
from raisr_decoder.cells import pad
from raisr_decoder.color import round_luma
from raisr_decoder.filtering import filter_cells
from raisr_decoder.filters import LowRankStage
from raisr_decoder.hashing import hash_cells
from raisr_decoder.limits import MAX_NOISE
from raisr_decoder.tree import Tree
from support import random_stage

LEVELS = (64, 16, -64)
RIDGE = 1.0


def smooth_stage(block: int, rank: int, depth: int = 2) -> LowRankStage:
    """Small changes of a mean filter that averages, so that no output is clipped."""
    rng = np.random.default_rng(block)
    stage = random_stage(rng, block, depth, rank=rank)
    mean = np.zeros_like(stage.mean)
    mean[[27, 28, 35, 36]] = ONE // 4
    basis = np.zeros_like(stage.basis)
    for filters in basis:
        taps = rng.choice(64, 2, replace=False)
        filters[taps[0]] = rng.integers(20, 40, block**2)
        filters[taps[1]] = -filters[taps[0]]
    buckets = stage.tree.leaves
    constant, slope = rng.integers(-40, 40, (2, buckets, rank)).astype(np.int8)
    shift = np.full(rank, 5, np.uint8)
    return replace(stage, mean=mean, basis=basis, shift=shift, constant=constant, slope=slope)


def sums_of(stage: LowRankStage, noise: int) -> Sums:
    """Of cells whose targets the stage makes."""
    plane = np.random.default_rng(noise + 99).integers(60, 196, (180, 180)).astype(np.uint8)
    target = round_luma(filter_cells(pad(plane), stage.at(noise)))
    bucket, orientation = hash_cells(pad(plane), stage.tree)
    samples = canonical_samples(plane, target, orientation, stage.block)
    return accumulate(samples, bucket.ravel(), stage.tree.leaves)


def fitted(stage: LowRankStage, levels: list[Sums], noise: np.ndarray, rank: int) -> LowRankStage:
    moments, error = weigh(levels, noise, RIDGE)
    mean, exact = round_mean(moments) / ONE, fit_linear(moments, RIDGE)
    filters = fit_low_rank(moments, mean, exact, rank)
    return round_stage(stage.block, stage.tree, filters, moments, error)


def reread(stage: LowRankStage) -> LowRankStage:
    """Through the bytes of a bank, which refuses what breaks a rule of the format."""
    bank = Bank("png", ((0, 64), (100, -64)), (stage,))
    (again,) = load(save(bank)).stages
    assert isinstance(again, LowRankStage)
    return again


def error_of(stage: LowRankStage, levels: list[Sums]) -> float:
    """Mean squared error over all levels."""
    pairs = zip(levels, LEVELS, strict=True)
    return sum(sums.error(stage.at(noise).weights / ONE) for sums, noise in pairs) / len(LEVELS)


@pytest.mark.parametrize("block", [2, 3, 4])
def test_filters_that_made_the_targets_are_found_again(block: int) -> None:
    stage = smooth_stage(block, rank=2)
    levels = [sums_of(stage, noise) for noise in LEVELS]
    found = reread(fitted(stage, levels, np.array(LEVELS), rank=3))
    # Targets are whole numbers: an error of 1/12 is that of their rounding.
    assert error_of(stage, levels) == pytest.approx(1 / 12, rel=0.1)
    assert error_of(found, levels) < 1 / 12 + 0.05


def test_a_rank_too_low_costs_accuracy() -> None:
    stage = smooth_stage(2, rank=4)
    levels = [sums_of(stage, noise) for noise in LEVELS]
    errors = []
    for rank in (1, 2, 4):
        found = reread(fitted(stage, levels, np.array(LEVELS), rank))
        assert len(found.basis) == rank
        errors.append(error_of(found, levels))
    assert errors[0] > 1.5 * errors[1] > 3 * errors[2]


def test_levels_are_placed_where_filters_are_linear() -> None:
    stage = smooth_stage(2, rank=2)
    noise = fit_noise([sums_of(stage, each) for each in LEVELS], RIDGE)
    assert (noise[0], noise[-1]) == (MAX_NOISE, -MAX_NOISE)
    assert abs(noise[1] - LEVELS[1]) <= 4


def test_one_level_needs_no_slopes() -> None:
    stage = smooth_stage(2, rank=2)
    levels = [sums_of(stage, 0)]
    noise = fit_noise(levels, RIDGE)
    assert noise.tolist() == [0]
    found = fitted(stage, levels, noise, rank=2)
    assert not found.slope.any()


def test_empty_buckets_take_the_mean_filter() -> None:
    stage = smooth_stage(2, rank=2, depth=1)
    never = Tree(stage.tree.feature, np.array([2**31 - 1], np.int32))
    stage = replace(stage, tree=never)
    levels = [sums_of(stage, noise) for noise in LEVELS]
    assert not levels[0].cells[1]
    found = reread(fitted(stage, levels, np.array(LEVELS), rank=2))
    assert (found.at(0).weights[1] == found.mean).all()
