"""How low-rank filters expand, against big integers."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

import reference
from raisr_decoder.bank import Bank, save
from raisr_decoder.cells import PATCH
from raisr_decoder.filters import (
    WEIGHT_BITS,
    BlendStage,
    Filters,
    FilterStage,
    LowRankStage,
    ResizeStage,
)
from raisr_decoder.limits import MAX_GAIN, MAX_RANK
from raisr_decoder.shapes import BLOCKS
from support import loud, random_stage

ONE = 1 << WEIGHT_BITS
TAPS = PATCH**2


def assert_expands_as_the_format_says(stage: LowRankStage, noise: int) -> FilterStage:
    (slow,) = reference.parse_bank(save(Bank("png", ((0, 0), (1, 0)), (stage,)))).stages
    assert isinstance(slow, reference.FilterStage)
    expanded = stage.at(noise)
    assert expanded.weights.dtype == np.int32
    for bucket, weights in enumerate(expanded.weights):
        assert weights.T.tolist() == reference.expand(slow, bucket, noise)
    assert (expanded.weights.sum(axis=1) == ONE).all()
    assert np.abs(expanded.weights).sum(axis=1).max() <= MAX_GAIN * ONE
    return expanded


def flat_stage(rank: int, buckets: int = 1) -> LowRankStage:
    """Every filter copies one tap; basis filters and coefficients are 0."""
    stage = random_stage(np.random.default_rng(1), 2, buckets.bit_length() - 1, rank=rank)
    mean = np.zeros_like(stage.mean)
    mean[27] = ONE
    nothing = np.zeros_like(stage.constant)
    return replace(
        stage,
        mean=mean,
        basis=np.zeros_like(stage.basis),
        shift=np.zeros_like(stage.shift),
        constant=nothing,
        slope=nothing,
    )


@pytest.mark.parametrize("noise", [-64, -1, 0, 37, 64])
@pytest.mark.parametrize(("block", "rank"), [(2, 5), (3, 1), (4, 0)])
def test_random_filters(block: int, rank: int, noise: int) -> None:
    stage = random_stage(np.random.default_rng(block), block, 2, rank=rank)
    assert_expands_as_the_format_says(stage, noise)


@pytest.mark.parametrize("noise", [-64, 0, 63, 64])
def test_loud_filters(noise: int) -> None:
    rng = np.random.default_rng(7)
    stage = loud(rng, random_stage(rng, 2, 3))
    expanded = assert_expands_as_the_format_says(stage, noise)
    replaced = (expanded.weights == stage.mean).all(axis=1)
    assert 0 < replaced.mean() < 1


@pytest.mark.parametrize("noise", [-64, 0, 63, 64])
@pytest.mark.parametrize("shift", [0, 7])
@pytest.mark.parametrize("size", [1, 127])
def test_the_greatest_rank_and_coefficients(noise: int, shift: int, size: int) -> None:
    """Sums of many terms of one sign: in the first bucket they add up, in the other they cancel."""
    rng = np.random.default_rng(3)
    stage = flat_stage(MAX_RANK, buckets=2)
    signs = rng.permuted(np.repeat([1, -1], TAPS // 2))
    basis = np.broadcast_to(size * signs[:, None], stage.basis.shape).astype(np.int8)
    constant, slope = stage.constant.copy(), stage.slope.copy()
    constant[0] = slope[0] = -128
    constant[1] = slope[1] = np.repeat([127, -127], MAX_RANK // 2)
    slope[1, 5] = 126
    shifts = np.full_like(stage.shift, shift)
    assert_expands_as_the_format_says(
        replace(stage, basis=basis, shift=shifts, constant=constant, slope=slope), noise
    )


def test_without_basis_filters_all_are_the_mean_filter() -> None:
    stage = random_stage(np.random.default_rng(2), 3, 3, rank=0)
    assert (stage.at(9).weights == stage.mean).all()
    assert stage.at(9).weights.shape == (8, TAPS, 9)


def test_without_slopes_the_noise_does_not_matter() -> None:
    stage = random_stage(np.random.default_rng(2), 2, 3, slopes=False)
    assert (stage.at(-64).weights == stage.at(64).weights).all()


@pytest.mark.parametrize(
    ("constant", "slope", "shift", "noise", "weight"),
    [
        (1, 0, 0, 0, 3),
        (1, 0, 1, 0, 2),  # 3/2
        (-1, 0, 1, 0, -1),  # -3/2
        (1, 0, 7, 0, 0),  # 3/128
        (0, 1, 0, 11, 1),  # 33/64
        (0, 1, 0, -11, -1),
        (0, 2, 2, -16, 0),  # -3/8
        (0, -128, 0, -64, 384),
    ],
)
def test_coefficients_are_rounded_half_up(
    constant: int, slope: int, shift: int, noise: int, weight: int
) -> None:
    stage = flat_stage(1)
    basis = stage.basis.copy()
    basis[0, [0, 1]] = [[3], [-3]]
    stage = replace(
        stage,
        basis=basis,
        shift=np.array([shift], np.uint8),
        constant=np.array([[constant]], np.int8),
        slope=np.array([[slope]], np.int8),
    )
    expanded = assert_expands_as_the_format_says(stage, noise)
    assert (expanded.weights[0, 0] == weight).all()
    assert (expanded.weights[0, 1] == -weight).all()


def test_what_rounding_takes_from_one_tap_it_gives_to_the_next() -> None:
    stage = flat_stage(1)
    basis = stage.basis.copy()
    basis[0, :4] = 1
    basis[0, 4:8] = -1
    half = replace(
        stage,
        basis=basis,
        shift=np.array([1], np.uint8),
        constant=np.array([[1]], np.int8),
    )
    weights = assert_expands_as_the_format_says(half, 0).weights[0, :8, 0]
    assert weights.tolist() == [1, 0, 1, 0, 0, -1, 0, -1]


@pytest.mark.parametrize(("excess", "kept"), [(0, True), (1, False)])
def test_an_output_that_exceeds_the_gain_takes_the_mean_filter(excess: int, kept: bool) -> None:
    stage = flat_stage(2, buckets=2)
    basis, constant = stage.basis.copy(), stage.constant.copy()
    # Only of the third output and in the second bucket: 120 * 64 + 0 or 1 on either side.
    basis[0, 0, 2], basis[0, 1, 2] = 64, -64
    basis[1, 2, 2], basis[1, 3, 2] = 1, -1
    constant[1] = 120, excess
    stage = replace(stage, basis=basis, constant=constant)
    weights = assert_expands_as_the_format_says(stage, 0).weights
    gain = np.abs(weights[1, :, 2]).sum()
    assert gain == (MAX_GAIN * ONE if kept else ONE)
    others = np.delete(weights.reshape(2, TAPS, 4), 2, axis=2)
    assert (others == np.delete(stage.mean, 2, axis=1)).all()


def test_no_sum_leaves_the_exact_range() -> None:
    assert 128 * (MAX_GAIN << WEIGHT_BITS) <= 1 << 24
    assert MAX_GAIN << WEIGHT_BITS < 1 << 15


@pytest.mark.parametrize("block", BLOCKS)
def test_compiled_code_reads_the_same_weights_in_pairs(block: int) -> None:
    stage = random_stage(np.random.default_rng(2), block, 1).at(0)
    outputs = block**2
    pairs = stage.expanded.reshape(-1, TAPS // 2, 2, outputs).transpose(0, 1, 3, 2)
    assert (stage.paired[:, :, :outputs] == pairs).all()
    assert not stage.paired[:, :, outputs:].any()


def test_the_scale_is_that_of_a_filter_stage_that_comes_first() -> None:
    stage = random_stage(np.random.default_rng(2), 3, 0).at(0)
    assert Filters((stage, BlendStage(1))).scale == Fraction(3, 2)
    assert Filters((ResizeStage(), stage)).scale is None
