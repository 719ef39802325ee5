from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from raisr.evaluation.bank_plot import (
    MAX_OUTPUTS,
    TAP,
    TILE,
    basis_strengths,
    filter_squares,
    plot_bank,
    shown_outputs,
    shown_qualities,
)
from raisr.images.reading import decode_photo
from raisr.training.tree_growing import NEVER
from raisr_decoder.bank import Bank
from raisr_decoder.cells import PATCH
from raisr_decoder.features import FEATURES
from raisr_decoder.filters import BlendStage, LowRankStage, ResizeStage
from raisr_decoder.shapes import BLOCKS
from raisr_decoder.tree import Tree
from support import random_bank, random_stage

ONE_QUALITY = ((100, 0),)


def drawn(bank: Bank) -> np.ndarray:
    return decode_photo(plot_bank(bank), "plot")


@pytest.mark.parametrize("block", [2, 3, 8, None])
@pytest.mark.parametrize("depth", [0, 3])
def test_every_kind_of_bank_can_be_drawn(block: int | None, depth: int) -> None:
    bank = random_bank(1, block=block, depth=depth)
    plot = drawn(replace(bank, stages=(*bank.stages, BlendStage(32))))
    rows, columns, _ = plot.shape
    assert 800 < columns < 2000
    assert 2**depth * TILE < rows < 2**depth * TILE + 1000
    red, _, blue = plot.reshape(-1, 3).T.astype(int)
    assert (red - blue > 50).any()
    assert (blue - red > 50).any()


def test_a_bank_without_filters_can_be_drawn() -> None:
    assert drawn(Bank("png", ONE_QUALITY, (ResizeStage(),))).shape[1] > 500


def test_stages_are_drawn_below_one_another() -> None:
    one, three = (drawn(random_bank(1, stages=stages, depth=3)) for stages in (1, 3))
    assert len(three) - len(one) > 2 * 8 * TILE


def test_a_large_basis_is_drawn_in_several_rows() -> None:
    rng = np.random.default_rng(1)
    small, large = (random_stage(rng, 2, 2, rank=rank) for rank in (20, 40))
    plots = [drawn(Bank("png", ONE_QUALITY, (stage,))) for stage in (small, large)]
    assert len(plots[1]) - len(plots[0]) > 4 * TILE
    assert plots[1].shape[1] == plots[0].shape[1]


def test_several_qualities_are_drawn_side_by_side() -> None:
    stage = random_stage(np.random.default_rng(1), 2, 7)
    stage = replace(stage, tree=Tree(stage.tree.feature, np.full_like(stage.tree.threshold, NEVER)))
    one, several = (
        drawn(Bank("jpeg", noise, (stage,)))
        for noise in (ONE_QUALITY, ((5, 64), (45, 0), (95, -64)))
    )
    assert several.shape[1] - one.shape[1] > 2 * 4 * TILE


def test_whatever_differs_between_banks_can_be_seen() -> None:
    bank = random_bank(1, depth=2)
    (stage,) = bank.stages
    assert isinstance(stage, LowRankStage)
    others = [
        replace(stage, mean=stage.mean[::-1]),
        replace(stage, basis=stage.basis[::-1]),
        replace(stage, constant=stage.constant[::-1]),
        replace(stage, slope=stage.slope[::-1]),
        replace(stage, tree=Tree((stage.tree.feature + 1) % len(FEATURES), stage.tree.threshold)),
    ]
    banks = [bank, *(replace(bank, stages=(other,)) for other in others)]
    banks.append(replace(bank, noise=((10, 50), (40, 10), (90, -60))))
    plots = [plot_bank(each) for each in banks]
    assert len(set(plots)) == len(banks)
    assert plot_bank(bank) == plots[0]


@pytest.mark.parametrize(
    ("knots", "shown"),
    [
        (ONE_QUALITY, [100]),
        (((5, 64), (95, -64)), [5, 50, 95]),
        (((5, 64), (45, 0), (95, -64)), [5, 45, 95]),
        (((7, 10), (8, -10)), [7, 8]),
    ],
)
def test_the_quality_half_way_in_noise_is_shown(
    knots: tuple[tuple[int, int], ...], shown: list[int]
) -> None:
    assert shown_qualities(knots) == shown


def test_a_few_outputs_are_shown() -> None:
    assert shown_outputs(2) == [0, 1, 2, 3]
    assert shown_outputs(3) == [0, 4, 8]
    assert shown_outputs(8) == [0, 18, 45, 63]
    assert all(len(set(shown_outputs(block))) <= MAX_OUTPUTS for block in BLOCKS)


def test_the_strength_of_a_basis_filter_is_what_it_adds_to_a_weight() -> None:
    knots = ((10, 64), (90, -64))
    stage = random_stage(np.random.default_rng(1), 3, 2)
    buckets = [0, 1, 3]
    added = [
        (stage.constant[bucket, 1] + stage.slope[bucket, 1] * (noise / 64))
        / 2.0 ** stage.shift[1]
        * stage.basis[1].astype(float)
        / 512
        for bucket in buckets
        for _, noise in knots
    ]
    expected = np.sqrt(np.mean(np.square(added)))
    assert basis_strengths(stage, buckets, knots)[1] == pytest.approx(expected)


def test_a_square_shows_the_weights_of_an_output() -> None:
    filters = np.zeros((2, PATCH**2, 3), np.int32)
    filters[1, 8 * 2 + 5, 1] = -256  # row 2, column 5, of the output in the middle
    squares = filter_squares(filters, limit=1024)
    assert squares.shape == (2 * TILE, 3 * TILE)
    marked = np.argwhere(squares < 0)
    assert (marked.min(axis=0) == (TILE + 2 * TAP, TILE + 5 * TAP)).all()
    assert np.count_nonzero(np.nan_to_num(squares)) == TAP**2
    assert np.nanmin(squares) == -0.5
