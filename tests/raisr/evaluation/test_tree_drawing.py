from __future__ import annotations

import numpy as np

from raisr.evaluation.tree_drawing import MEASURES, Question, features, leaves, questions
from raisr.training.tree_growing import NEVER
from raisr_decoder.features import FEATURES
from raisr_decoder.tree import Tree


def test_branches_that_no_cell_takes_are_left_out() -> None:
    tree = Tree(np.array([3, 4, 5], np.int32), np.array([10, NEVER, 20], np.int32))
    assert questions(tree) == Question(3, 10, no=0, yes=Question(5, 20, no=2, yes=3))
    assert leaves(questions(tree)) == [0, 2, 3]
    assert features(questions(tree)) == {3, 5}


def test_every_feature_can_be_explained() -> None:
    assert tuple(MEASURES) == FEATURES


def test_thresholds_are_shown_in_units_of_the_image() -> None:
    # A ramp of 3 levels a pixel: central differences of 6, their squares weighted with 14 x 14.
    assert MEASURES["strength"].show(6**2 * 14**2) == "3"
    assert MEASURES["slope"].show(54) == "3"
    assert MEASURES["coherence"].show(1024) == "0.25"
    assert MEASURES["signed curvature"].show(-24) == "-6"
