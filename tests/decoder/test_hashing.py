from __future__ import annotations

import numpy as np
import pytest

from raisr_decoder.cells import ORIENTATIONS, PATCH, canonical_order, pad
from raisr_decoder.features import FEATURES, cell_features
from raisr_decoder.tree import Tree, descend
from support import random_plane, random_stage


def features_of(patch: np.ndarray) -> tuple[dict[str, int], int]:
    features, orientation = cell_features(patch)
    return dict(zip(FEATURES, features[:, 0, 0].tolist(), strict=True)), int(orientation[0, 0])


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (7, 4)])
def test_every_cell_has_a_patch(shape: tuple[int, int]) -> None:
    padded = pad(random_plane(1, *shape))
    cells = tuple(-(-size // 2) for size in shape)
    assert padded.shape == (2 * cells[0] + 6, 2 * cells[1] + 6)
    features, orientation = cell_features(padded)
    assert features.shape == (len(FEATURES), *cells)
    assert orientation.shape == cells


def test_flat_cells_have_brightness_alone() -> None:
    features, orientation = features_of(np.full((8, 8), 200, np.uint8))
    assert orientation == 0
    assert {name: value for name, value in features.items() if value} == {"brightness": 800}


def test_a_vertical_edge() -> None:
    features, orientation = features_of(np.tile(np.repeat([0, 100], 4).astype(np.uint8), (8, 1)))
    # Two of six inner columns, of weight 4 each of 14, have a gradient of 100.
    assert features["strength"] == 100**2 * 14 * 8
    assert features["coherence"] == 1 << 12
    assert features["angle"] == features["offset"] == features["curvature"] == 0
    assert features["step across"] == 200
    assert features["step along"] == features["saddle"] == 0
    assert features["contrast"] == 100
    assert orientation == 0


def test_extremes_stay_in_range() -> None:
    stripes = np.tile(np.array([0, 0, 255, 255], np.uint8), (8, 2))
    for patch in (stripes, stripes.T, np.where(np.eye(8) > 0, 255, 0).astype(np.uint8)):
        features, _ = features_of(patch)
        assert features["strength"] < 1 << 25
        assert features["coherence"] <= 1 << 12
        assert features["angle"] <= 1 << 12


@pytest.mark.parametrize("turn", range(ORIENTATIONS))
def test_features_do_not_depend_on_orientation(turn: int) -> None:
    for seed in range(20):
        patch = np.random.default_rng(seed).integers(0, 256, (PATCH, PATCH)).astype(np.uint8)
        turned = patch.ravel()[canonical_order(PATCH, turn)].reshape(PATCH, PATCH)
        assert features_of(patch)[0] == features_of(turned)[0]


def test_the_canonical_patch_has_orientation_0() -> None:
    seen = set()
    for seed in range(50):
        patch = np.random.default_rng(seed).integers(0, 256, (PATCH, PATCH)).astype(np.uint8)
        _, orientation = features_of(patch)
        seen.add(orientation)
        canonical = patch.ravel()[canonical_order(PATCH, orientation)].reshape(PATCH, PATCH)
        assert features_of(canonical)[1] == 0
    assert seen == set(range(ORIENTATIONS))


def test_negatives_have_the_same_features_but_brightness() -> None:
    patch = np.random.default_rng(1).integers(0, 256, (PATCH, PATCH)).astype(np.uint8)
    (one, turned), (other, again) = features_of(patch), features_of(255 - patch)
    assert turned == again
    assert one.pop("brightness") == 4 * 255 - other.pop("brightness")
    # The sign of the curvature is taken relative to the slope, so it stays as well.
    assert one == other


def test_a_tree_sends_cells_beyond_the_threshold_to_the_second_child() -> None:
    brightness, slope = FEATURES.index("brightness"), FEATURES.index("slope")
    tree = Tree(np.array([brightness, slope, slope], np.int32), np.array([100, 5, 7], np.int32))
    features = np.zeros((len(FEATURES), 5), np.int32)
    features[brightness] = [100, 100, 101, 101, 101]
    features[slope] = [5, 6, 6, 7, 8]
    assert descend(tree, features).tolist() == [0, 1, 2, 2, 3]


def test_a_tree_without_nodes_has_one_leaf() -> None:
    nothing = np.zeros(0, np.int32)
    assert (
        descend(Tree(nothing, nothing), np.zeros((len(FEATURES), 3), np.int32)).tolist() == [0] * 3
    )


def test_random_trees_use_many_leaves() -> None:
    tree = random_stage(np.random.default_rng(1), 2, 4).at(0).tree
    features = cell_features(pad(random_plane(5, 64, 64)))[0].reshape(len(FEATURES), -1)
    assert len(np.unique(descend(tree, features))) >= 8
