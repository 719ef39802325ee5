from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from raisr.evaluation.bank_plot import (
    MEASURES,
    TAP,
    TILE,
    Question,
    filter_squares,
    leaves,
    plot_bank,
    questions,
    shown_outputs,
)
from raisr.images.reading import decode_photo
from raisr.training.tree_growing import NEVER
from raisr_decoder.bank import Bank, BlendStage, FilterStage, ResizeStage
from raisr_decoder.cells import PATCH
from raisr_decoder.features import FEATURES
from raisr_decoder.tree import Tree
from support import random_bank


def drawn(bank: Bank) -> np.ndarray:
    return decode_photo(plot_bank(bank), "plot")


@pytest.mark.parametrize("block", [2, 3, 8, None])
@pytest.mark.parametrize("depth", [0, 3])
def test_every_kind_of_bank_can_be_drawn(block: int | None, depth: int) -> None:
    bank = random_bank(1, block=block, depth=depth)
    plot = drawn(replace(bank, stages=(*bank.stages, BlendStage(32))))
    rows, columns, _ = plot.shape
    assert 800 < columns < 2000
    assert 2**depth * TILE < rows < 2**depth * TILE + 800
    red, _, blue = plot.reshape(-1, 3).T.astype(int)
    assert (red - blue > 50).any()
    assert (blue - red > 50).any()


def test_a_bank_without_filters_can_be_drawn() -> None:
    assert drawn(Bank("png", (0, 100), (ResizeStage(),))).shape[1] > 500


def test_stages_are_drawn_below_one_another() -> None:
    one, three = (drawn(random_bank(1, stages=stages)) for stages in (1, 3))
    assert len(three) - len(one) > 2 * 16 * TILE


def test_other_filters_and_other_questions_give_other_plots() -> None:
    bank = random_bank(1)
    (stage,) = bank.stages
    assert isinstance(stage, FilterStage)
    filters = replace(stage, weights=stage.weights[::-1])
    tree = Tree((stage.tree.feature + 1) % len(FEATURES), stage.tree.threshold)
    plots = [
        plot_bank(replace(bank, stages=(each,)))
        for each in (stage, filters, replace(stage, tree=tree))
    ]
    assert len(set(plots)) == 3
    assert plot_bank(bank) == plots[0]


def test_branches_that_no_cell_takes_are_left_out() -> None:
    tree = Tree(np.array([3, 4, 5], np.int32), np.array([10, NEVER, 20], np.int32))
    assert questions(tree) == Question(3, 10, no=0, yes=Question(5, 20, no=2, yes=3))
    assert leaves(questions(tree)) == [0, 2, 3]


def test_a_square_shows_the_weights_of_an_output() -> None:
    weights = np.zeros((2, PATCH**2, 9), np.int32)
    weights[1, 8 * 2 + 5, 4] = -256  # row 2, column 5, of the output in the middle
    squares = filter_squares(weights, [0, 1], shown_outputs(3), limit=1024)
    assert squares.shape == (2 * TILE, 3 * TILE)
    marked = np.argwhere(squares < 0)
    assert (marked.min(axis=0) == (TILE + 2 * TAP, TILE + 5 * TAP)).all()
    assert np.count_nonzero(np.nan_to_num(squares)) == TAP**2
    assert np.nanmin(squares) == -0.5


def test_every_feature_can_be_explained() -> None:
    assert tuple(MEASURES) == FEATURES


def test_thresholds_are_shown_in_units_of_the_image() -> None:
    # A ramp of 3 levels a pixel: central differences of 6, their squares weighted with 14 x 14.
    assert MEASURES["strength"].show(6**2 * 14**2) == "3"
    assert MEASURES["slope"].show(54) == "3"
    assert MEASURES["coherence"].show(1024) == "0.25"
    assert MEASURES["signed curvature"].show(-24) == "-6"
