from __future__ import annotations

import joblib
import numpy as np

from raisr.training.tree_growing import NEVER, grow_tree
from raisr_decoder.features import FEATURES
from raisr_decoder.tree import descend

BRIGHTNESS = FEATURES.index("brightness")


def cells(count: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    samples = rng.integers(-50, 50, (count, 64 + 4)).astype(np.int8)
    features = rng.integers(0, 1000, (len(FEATURES), count)).astype(np.int32)
    return samples, features


def grow(samples: np.ndarray, features: np.ndarray, depth: int):
    done: list[tuple[int, int]] = []
    with joblib.Parallel(1) as parallel:
        tree = grow_tree(samples, features, depth, parallel, lambda *step: done.append(step))
    assert done == [(level + 1, depth) for level in range(depth)]
    return tree


def test_the_feature_that_matters_is_found() -> None:
    samples, features = cells(4000)
    # Bright cells copy one tap, dark cells another.
    bright = features[BRIGHTNESS] > 500
    samples[:, 64:] = np.where(bright[:, None], samples[:, :1], samples[:, 1:2])
    tree = grow(samples, features, 1)
    assert tree.feature[0] == BRIGHTNESS
    assert 350 < tree.threshold[0] < 650
    assert (descend(tree, features) == (features[BRIGHTNESS] > tree.threshold[0])).all()


def test_leaves_that_gain_nothing_are_left_alone() -> None:
    samples, features = cells(3000)
    samples[:, 64:] = samples[:, :1]
    tree = grow(samples, features, 2)
    assert (tree.threshold == NEVER).sum() >= 2


def test_depth_0_is_one_leaf() -> None:
    assert grow(*cells(100), 0).leaves == 1
